import type { Savings } from "@dbintel/feedback";
import { type Clock, forgottenAfter } from "@dbintel/pipeline";
import { redactSql } from "@dbintel/sql";
import { bounded, printable } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import type { Product } from "../connection/connection.ts";
import type { StatementName } from "../plans/statement-name.ts";
import { Rest } from "./rest.ts";

/** What is kept of a statement's text: nothing that a user typed as a value. */
interface StatementText {
  /** Redacted; `undefined` when the server has no text. */
  readonly text: string | undefined;
  /** Whether it has left in an event. */
  readonly sent: boolean;
}

/** Reads the stored texts of some statements by digest; `undefined` when the server is left alone now. */
export type TextReader = (statements: readonly StatementName[]) => Promise<ReadonlyMap<string, string> | undefined>;

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
    this.#cache = new LRUCache({ max: options.limit, ...forgottenAfter(timeToLiveMs, options.clock) });
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

  /** Those of some statements whose texts are not known yet, one for each digest. */
  missing(statements: readonly StatementName[]): readonly StatementName[] {
    const byDigest = new Map(statements.map((statement) => [statement.digest, statement]));
    return [...byDigest.values()].filter(({ digest }) => !this.#cache.has(digest));
  }

  /** Fetches what is not known yet, unless the server still rests from the last time. */
  async fetch(statements: readonly StatementName[], product: Product, read: TextReader): Promise<void> {
    const missing = this.missing(statements);
    if (missing.length === 0 || !this.#rest.isOver) return;
    this.learn((await this.#rest.after(() => read(missing), this.#savings().coldIntervalFactor)) ?? new Map(), product);
  }

  /** Keeps what is safe of texts by digest that the server has told. */
  learn(texts: ReadonlyMap<string, string>, product: Product): void {
    const ttl = timeToLiveMs * this.#savings().coldIntervalFactor;
    for (const [digest, stored] of texts) {
      if (this.#cache.has(digest)) continue;
      const { text } = redactSql(stored, product);
      this.#cache.set(digest, { text: text === "" ? undefined : boundedText(text), sent: false }, { ttl });
    }
  }
}

/** Of a text without values, as much as an event tells. */
export function boundedText(text: string): string {
  return printable(bounded(text.toWellFormed(), longestTextBytes));
}
