import { type BreakerEvent, breakers } from "@dbintel/guard";
import { type Host, Snapshot } from "@dbintel/pipeline";
import type { ProblemContext } from "../connection/problems.ts";

/** Logs what the breakers of one server do, and keeps open ones over a restart. */
export class BreakerWatch {
  readonly #host: Host;
  readonly #context: ProblemContext;
  readonly #snapshot: Snapshot;
  #unwatch: (() => void) | undefined;

  constructor(options: { readonly host: Host; readonly context: ProblemContext }) {
    const { host, context } = options;
    this.#host = host;
    this.#context = context;
    this.#snapshot = new Snapshot({
      host,
      name: "breakers",
      loss: "all circuit breakers begin closed",
      take: () => host.shared(breakers).snapshot(context.endpoint),
      restore: (bytes) => host.shared(breakers).restore(bytes),
    });
  }

  /** Goes on where the last run ended: an open breaker stays open for the rest of its time. */
  async start(): Promise<void> {
    if (this.#unwatch !== undefined) return;
    this.#unwatch = this.#host.shared(breakers).watch((event) => this.#log(event));
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
    if (instance !== this.#context.endpoint || (database !== "" && database !== this.#context.database)) return;
    const name = collectorClass === undefined ? instance : `${instance}, ${collectorClass}`;
    const fields = {
      ...{ instance, database, from, to, cause },
      collector_class: collectorClass,
      open_ms: Math.round(openMs),
    };
    this.#host.logger.info(fields, `circuit breaker of ${name}: ${to}`);
  }
}
