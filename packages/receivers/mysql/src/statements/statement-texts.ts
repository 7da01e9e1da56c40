import type { Savings } from "@dbintel/feedback";
import type { Clock } from "@dbintel/pipeline";
import { redactSql } from "@dbintel/sql";
import { bounded, printable } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import type { Product } from "../connection/connection.ts";
import { isOwnDigest } from "./own-statements.ts";
import { Rest } from "./rest.ts";

/** What is kept of a statement's text: nothing that a user typed as a value. */
interface StatementText {
  /** Redacted; `undefined` when the server has no text. */
  readonly text: string | undefined;
  /** Whether the collector runs this statement itself. */
  readonly own: boolean;
  /** Whether it has left in an event. */
  readonly sent: boolean;
}

/** Reads the stored texts of some digests; `undefined` when the server is left alone now. */
export type TextReader = (digests: readonly string[]) => Promise<ReadonlyMap<string, string> | undefined>;

const longestTextBytes = 10_000;
const timeToLiveMs = 3_600_000;
/** At most 5 % of one server core. */
const restFactor = 20;

/** The redacted texts of statements by digest, fetched once for each that is about to be shown. */
export class StatementTexts {
  readonly #rest: Rest;
  readonly #savings: () => Savings;
  readonly #cache: LRUCache<string, StatementText>;

  /** `savings` is what the budgets of the collector ask for. */
  constructor(options: {
    readonly clock: Clock;
    readonly limit: number;
    readonly savings: () => Savings;
  }) {
    this.#rest = new Rest(options.clock, restFactor);
    this.#savings = options.savings;
    this.#cache = new LRUCache({
      max: options.limit,
      ttl: timeToLiveMs,
      perf: { now: () => options.clock.monotonicMs() },
    });
  }

  isOwn(digest: string): boolean {
    return this.#cache.get(digest)?.own ?? false;
  }

  /** What an event says of the text: with `suppressRepeats` it says each text once an hour, while that is known. */
  shown(digest: string): string | undefined {
    const found = this.#cache.get(digest);
    return found?.sent && this.#savings().suppressRepeats ? undefined : found?.text;
  }

  /** Notes that the texts of these statements have left. */
  markSent(digests: Iterable<string>): void {
    for (const digest of digests) {
      const found = this.#cache.get(digest);
      if (found === undefined || found.sent) continue;
      this.#cache.set(digest, { ...found, sent: true }, { noUpdateTTL: true });
    }
  }

  /** Fetches what is not known yet, unless the server still rests from the last time. */
  async fetch(digests: readonly string[], product: Product, read: TextReader): Promise<void> {
    const missing = [...new Set(digests)].filter((digest) => !this.#cache.has(digest));
    if (missing.length === 0 || !this.#rest.isOver) return;
    const { coldIntervalFactor } = this.#savings();
    const texts = await this.#rest.after(() => read(missing), coldIntervalFactor);
    for (const [digest, stored] of texts ?? []) {
      const { text } = redactSql(stored, product);
      const kept = {
        own: isOwnDigest(stored),
        text: text === "" ? undefined : boundedText(text),
        sent: false,
      };
      this.#cache.set(digest, kept, { ttl: timeToLiveMs * coldIntervalFactor });
    }
  }
}

/** Of a text without values, as much as an event tells. */
export function boundedText(text: string): string {
  return printable(bounded(text.toWellFormed(), longestTextBytes));
}
