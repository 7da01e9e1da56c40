import type { Clock } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import { atMost } from "../at-most.ts";

/** Of all time, for the plans of one database: 1 % of a core there. */
const leastShare = 0.01;
const mostDatabases = 1000;

interface Account {
  /** What may be spent, in milliseconds; below 0 after a plan that took longer than there was. */
  balanceMs: number;
  atMs: number;
}

/**
 * How long the plans of each database may take: a bucket that fills with a share of the time, up to what fits between
 * two readings, and pays for each plan what it took. One that took too long is paid for before the next is asked for.
 */
export class PlanBudget {
  readonly #clock: Clock;
  readonly #share: number;
  readonly #mostMs: number;
  readonly #accounts: LRUCache<string, Account>;

  /** `intervalMs` is the time between two readings, `share` what the collector as a whole may cost where it is more. */
  constructor(options: { readonly clock: Clock; readonly intervalMs: number; readonly share?: number }) {
    this.#clock = options.clock;
    this.#share = Math.max(leastShare, options.share ?? 0);
    this.#mostMs = this.#share * options.intervalMs;
    this.#accounts = new LRUCache(atMost(mostDatabases));
  }

  /** Whether another plan of the database may be asked for. */
  allows(database: string): boolean {
    return this.#account(database).balanceMs > 0;
  }

  spend(database: string, tookMs: number): void {
    this.#account(database).balanceMs -= tookMs;
  }

  #account(database: string): Account {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#accounts.get(database) ?? { balanceMs: this.#mostMs, atMs: nowMs };
    known.balanceMs = Math.min(this.#mostMs, known.balanceMs + this.#share * (nowMs - known.atMs));
    known.atMs = nowMs;
    this.#accounts.set(database, known);
    return known;
  }
}
