import { type BreakerEvent, type BreakerSettings, breakers } from "@dbintel/guard";
import { type Host, Snapshot } from "@dbintel/pipeline";
import type { WatchedDatabase } from "./watched-database.ts";

/** Sets the breakers of one server up, logs what they do, and keeps open ones over a restart. */
export class BreakerWatch {
  readonly #host: Host;
  readonly #watched: Pick<WatchedDatabase, "endpoint" | "database">;
  readonly #settings: BreakerSettings;
  readonly #snapshot: Snapshot;
  #unwatch: (() => void) | undefined;

  constructor(options: {
    readonly host: Host;
    readonly watched: Pick<WatchedDatabase, "endpoint" | "database">;
    readonly settings: BreakerSettings;
  }) {
    const { host, watched, settings } = options;
    this.#host = host;
    this.#watched = watched;
    this.#settings = settings;
    this.#snapshot = new Snapshot({
      host,
      name: "breakers",
      loss: "all circuit breakers begin closed",
      take: () => host.shared(breakers).snapshot(watched.endpoint),
      restore: (bytes) => host.shared(breakers).restore(bytes),
    });
  }

  /** Goes on where the last run ended: an open breaker stays open for the rest of its time. */
  async start(): Promise<void> {
    if (this.#unwatch !== undefined) return;
    const registry = this.#host.shared(breakers);
    const endings = [
      registry.configure(this.#watched.endpoint, this.#settings),
      registry.watch((event) => this.#log(event)),
    ];
    this.#unwatch = () => {
      for (const end of endings) end();
    };
    await this.#snapshot.load();
  }

  async stop(): Promise<void> {
    if (this.#unwatch === undefined) return;
    this.#unwatch();
    this.#unwatch = undefined;
    await this.#snapshot.save();
  }

  #log({ instance, database, collectorClass, from, to, cause, openMs }: BreakerEvent): void {
    // What concerns the instance has no database.
    if (instance !== this.#watched.endpoint || (database !== "" && database !== this.#watched.database)) return;
    const name = collectorClass === undefined ? instance : `${instance}, ${collectorClass}`;
    const fields = {
      ...{ instance, database, from, to, cause },
      collector_class: collectorClass,
      open_ms: Math.round(openMs),
    };
    // An outage is told when it begins and when it is over; each probe in between would be two lines a server.
    const level = from === "closed" || cause === "recovered" || cause === "retry" ? "info" : "debug";
    this.#host.logger[level](fields, `circuit breaker of ${name}: ${to}`);
  }
}
