import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import type { LeaseLock } from "./lease-lock.ts";

export interface LeaseOptions {
  readonly host: Host;
  /** `host:port` of the watched server. */
  readonly endpoint: string;
  readonly lock: LeaseLock;
  /** How often a collector that stands by asks. */
  readonly intervalMs: number;
  /** Called each time that the lease has begun. */
  readonly onBegin: () => void;
}

/** The holder asks so many times as often as those that stand by: one lost answer does not end its lease. */
export const renewals = 3;
/** The holder takes its lease for over before the server does. */
const safeShare = 0.9;

/** Servers count the idle time of sessions in seconds. */
function lifetimeOf(intervalMs: number): number {
  return 1000 * Math.max(1, Math.ceil(intervalMs / 1000));
}

/**
 * Whether this collector is the one that polls. It is while a session of its own holds a lock on the watched server.
 *
 * The server ends that session, and the lock with it, when it has heard nothing of it for the lease's lifetime. The
 * holder counts that time from when it sent what was answered last, which is before the server began to count: so its
 * lease is over for it before another can have the lock.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #lifetimeMs: number;
  readonly #state;
  #terms = 0;
  /** While it has the lock, as far as it was told. */
  #held: { readonly term: number; readonly session: number | undefined; confirmedMs: number } | undefined;
  /** The term that was told of last, 0 for none: each is told of once. */
  #told: number | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#lifetimeMs = lifetimeOf(options.intervalMs);
    this.#state = options.host.meter.createGauge("dbintel_receiver_lease", {
      description: "1 while this collector holds the lease of a database and polls it, 0 while it stands by",
    });
  }

  /** Which of its leases this is, counted from 1; `undefined` while it may not poll. */
  get term(): number | undefined {
    const { host, lock } = this.#options;
    const held = this.#held;
    if (held === undefined || held.session !== lock.session) return undefined;
    const confirmedMs = Math.max(held.confirmedMs, lock.confirmedMs ?? 0);
    return host.clock.monotonicMs() < confirmedMs + safeShare * this.#lifetimeMs ? held.term : undefined;
  }

  /** Asks the server, as one more poll. */
  async poll({ signal }: { readonly signal: AbortSignal }): Promise<PollResult> {
    const { host, lock } = this.#options;
    try {
      const sentMs = host.clock.monotonicMs();
      const held = this.#held;
      if (this.term !== undefined && held !== undefined && (await lock.holds(signal))) held.confirmedMs = sentMs;
      else await this.#take(signal);
    } finally {
      this.#tell(this.term ?? 0);
    }
    return { batches: [] };
  }

  async #take(signal: AbortSignal): Promise<void> {
    const { host, lock, onBegin } = this.#options;
    this.#held = undefined;
    const sentMs = host.clock.monotonicMs();
    if (!(await lock.take(this.#lifetimeMs, signal))) return;
    this.#held = { term: ++this.#terms, session: lock.session, confirmedMs: sentMs };
    if (this.term !== undefined) onBegin();
  }

  #tell(term: number): void {
    const { host, endpoint } = this.#options;
    this.#state.record(term > 0 ? 1 : 0, { instance: endpoint });
    const told = this.#told;
    this.#told = term;
    if (term === told) return;
    const { logger } = host;
    const fields = { instance: endpoint };
    if (told === undefined && term === 0) {
      logger.info(fields, `stands by for ${endpoint}: another collector polls it, or none can`);
    }
    if (told !== undefined && told > 0) {
      logger.warn({ ...fields, term: told }, `has lost the lease of ${endpoint} and polls it no more`);
    }
    if (term > 0) logger.info({ ...fields, term }, `holds the lease of ${endpoint} and polls it`);
  }
}
