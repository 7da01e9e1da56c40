import { type BreakerEvent, breakers } from "@dbintel/guard";
import type { Host } from "@dbintel/pipeline";
import type { ProblemContext } from "./problems.ts";

const snapshotName = "breakers";

/** Logs what the breakers of one server do, and keeps their states over a restart. */
export class BreakerWatch {
  readonly #host: Host;
  readonly #context: ProblemContext;
  #unwatch: (() => void) | undefined;

  constructor(options: { readonly host: Host; readonly context: ProblemContext }) {
    this.#host = options.host;
    this.#context = options.context;
  }

  /** Goes on where the last run ended: an open breaker stays open for the rest of its time. */
  async start(): Promise<void> {
    if (this.#unwatch !== undefined) return;
    const { logger, storage } = this.#host;
    const registry = this.#host.shared(breakers);
    this.#unwatch = registry.watch((event) => this.#log(event));
    try {
      const snapshot = await storage.load(snapshotName);
      if (snapshot === undefined || registry.restore(snapshot)) return;
      logger.warn({}, "the saved state of circuit breakers is unreadable; they begin closed");
    } catch (error) {
      logger.warn({ error }, "the saved state of circuit breakers cannot be read; they begin closed");
    }
  }

  async stop(): Promise<void> {
    if (this.#unwatch === undefined) return;
    this.#unwatch();
    this.#unwatch = undefined;
    const { logger, storage } = this.#host;
    try {
      await storage.save(snapshotName, this.#host.shared(breakers).snapshot(this.#context.endpoint));
    } catch (error) {
      logger.warn({ error }, "the state of circuit breakers was not saved; after a restart they begin closed");
    }
  }

  #log({ instance, database, collectorClass, from, to, cause, openMs }: BreakerEvent): void {
    // What concerns the instance has no database.
    if (instance !== this.#context.endpoint || (database !== "" && database !== this.#context.database)) return;
    const name = collectorClass === undefined ? instance : `${instance}, ${collectorClass}`;
    const fields = {
      instance,
      database,
      collector_class: collectorClass,
      from,
      to,
      cause,
      open_ms: Math.round(openMs),
    };
    this.#host.logger.info(fields, `circuit breaker of ${name}: ${to}`);
  }
}
