import { type Clock, forgottenAfter } from "@dbintel/pipeline";
import { atMost, number, text } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import pg from "pg";
import type { Visits } from "../connection/visits.ts";

/** A table of a database. */
export interface RelationPlace {
  readonly database: string;
  readonly oid: number;
}

const mostNames = 1000;
const timeToLiveMs = 3_600_000;

/** The names of tables in databases that the receiver is not connected to, each asked once an hour. */
export class RelationNames {
  readonly #visits: Visits;
  readonly #names: LRUCache<string, string>;
  /** Databases that did not let the user in, or would not answer. */
  readonly #closed: LRUCache<string, true>;

  constructor(options: { readonly clock: Clock; readonly visits: Visits }) {
    this.#visits = options.visits;
    const bounds = { ...atMost(mostNames), ...forgottenAfter(timeToLiveMs, options.clock) };
    this.#names = new LRUCache(bounds);
    this.#closed = new LRUCache(bounds);
  }

  get(place: RelationPlace): string | undefined {
    return this.#names.get(keyOf(place));
  }

  /** Whether asking would help. */
  misses(place: RelationPlace): boolean {
    return !this.#names.has(keyOf(place)) && !this.#closed.has(place.database);
  }

  /**
   * Asks for the names that are not known, in the database of the first of them: a session that ends at once. While
   * another is there they have to wait for the next time: a name is worth no waiting.
   */
  async fetch(places: readonly RelationPlace[], signal: AbortSignal): Promise<void> {
    const missing = places.filter((place) => this.misses(place));
    const database = missing[0]?.database;
    if (database === undefined || this.#visits.turn.taken) return;
    const oids = new Set(missing.filter((place) => place.database === database).map(({ oid }) => oid));
    const sql = "SELECT oid, oid::regclass::text AS name FROM pg_class WHERE oid = ANY($1::oid[])";
    try {
      const rows = await this.#visits.visit({ database, signal }, (connection) =>
        connection.query(sql, [[...oids]], signal),
      );
      for (const row of rows) {
        this.#names.set(keyOf({ database, oid: number(row, "oid") ?? 0 }), text(row, "name") ?? "");
      }
    } catch (error) {
      // A name is worth no strain: a limit on the user's connections is no overload of the server.
      if (!(error instanceof pg.DatabaseError)) throw error;
      this.#closed.set(database, true);
    }
  }
}

function keyOf({ database, oid }: RelationPlace): string {
  return `${oid}/${database}`;
}
