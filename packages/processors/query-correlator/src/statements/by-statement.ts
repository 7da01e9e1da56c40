import type { LRUCache } from "lru-cache";
import { type Bounds, expiringCache } from "../expiring-cache.ts";

/** Servers that are told apart for one statement of databases of one name. */
const mostServers = 64;

/** Which statement of which database of which server. */
export interface StatementPlace {
  /** "" where it is not known. */
  readonly server: string;
  readonly database: string;
  readonly fingerprint: string;
}

/** Something about each statement, as long as it is spoken of. */
export class ByStatement<Facts> {
  readonly #byStatement: LRUCache<string, Map<string, Facts>>;
  readonly #create: (place: StatementPlace) => Facts;

  constructor(bounds: Bounds, create: (place: StatementPlace) => Facts) {
    this.#byStatement = expiringCache(bounds);
    this.#create = create;
  }

  /** Those of the statement, from now on remembered. */
  at(place: StatementPlace): Facts {
    const { server, database, fingerprint } = place;
    const key = keyOf(database, fingerprint);
    const servers = this.#byStatement.get(key) ?? new Map<string, Facts>();
    let facts = servers.get(server);
    if (facts === undefined) {
      facts = this.#create(place);
      const [oldest] = servers.keys();
      if (servers.size >= mostServers && oldest !== undefined) servers.delete(oldest);
      servers.set(server, facts);
    }
    // Set again, so that its time begins anew.
    this.#byStatement.set(key, servers);
    return facts;
  }

  /**
   * Those of the statement where they are known. Two sides may call one server by different names, an application by a
   * name of its network, a receiver by an address: unless `strict`, the only server with the statement is taken for it.
   */
  find({ server, database, fingerprint }: StatementPlace, strict: boolean): Facts | undefined {
    const servers = this.#byStatement.get(keyOf(database, fingerprint));
    const exact = servers?.get(server);
    if (exact !== undefined || strict || servers?.size !== 1) return exact;
    const [only] = servers.values();
    return only;
  }

  /** The one used last comes last. */
  entries(): readonly (readonly [StatementPlace, Facts])[] {
    return [...this.#byStatement.entries()].reverse().flatMap(([key, servers]) => {
      const [database, fingerprint] = JSON.parse(key) as [string, string];
      return [...servers].map(([server, facts]) => [{ server, database, fingerprint }, facts] as const);
    });
  }

  get size(): number {
    return this.#byStatement.size;
  }
}

function keyOf(database: string, fingerprint: string): string {
  return JSON.stringify([database, fingerprint]);
}
