import type { Savings } from "@dbintel/feedback";
import type { Clock } from "@dbintel/pipeline";
import { redactSql } from "@dbintel/sql";
import { bounded } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import { marker } from "../connection/connection.ts";
import type { StoredText } from "./statement-source.ts";
import type { StatementKey } from "./statement-table.ts";

/** What is kept of a statement's text: nothing that a user typed as a value. */
export interface StatementText {
  /** Redacted; `undefined` when the server hides or has lost the text. */
  readonly text: string | undefined;
  /** Whether it is one of the collector's own statements. */
  readonly own: boolean;
  /** Whether it has left in an event, and nothing of it changed since. */
  readonly sent: boolean;
}

/** Reads the stored texts of some entries; `undefined` when the server is left alone now. */
export type TextReader = (keys: readonly StatementKey[]) => Promise<readonly StoredText[] | undefined>;

/** Takes the text of a statement as it was read: with what the server leaves in it of constants. */
export type KeepText = (key: StatementKey, query: string) => void;

const longestTextBytes = 10_000;
const timeToLiveMs = 3_600_000;
/** A reading of texts that took t is not repeated for 20 t: at most 5 % of one server core goes into it. */
const restFactor = 20;
const withheld = "<insufficient privilege>";

/** The redacted texts of statements, fetched once for each new key that is about to be shown. */
export class StatementTexts {
  readonly #clock: Clock;
  readonly #savings: () => Savings;
  readonly #keep: KeepText;
  readonly #cache: LRUCache<string, StatementText>;
  #restUntilMs = 0;

  /** `savings` is what the budgets of the collector ask for; `keep` is handed what the server stores. */
  constructor(options: {
    readonly clock: Clock;
    readonly limit: number;
    readonly savings: () => Savings;
    readonly keep?: KeepText | undefined;
  }) {
    this.#clock = options.clock;
    this.#savings = options.savings;
    this.#keep = options.keep ?? (() => {});
    this.#cache = new LRUCache({
      max: options.limit,
      ttl: timeToLiveMs,
      perf: { now: () => options.clock.monotonicMs() },
    });
  }

  get(key: StatementKey): StatementText | undefined {
    return this.#cache.get(statementName(key));
  }

  /** What an event says of the text: with `suppressRepeats` it says each text once an hour, while that is known. */
  shown(key: StatementKey): string | undefined {
    const found = this.get(key);
    return found?.sent && this.#savings().suppressRepeats ? undefined : found?.text;
  }

  /** Notes that the texts of these statements have left. */
  markSent(keys: readonly StatementKey[]): void {
    for (const key of keys) {
      const found = this.#cache.get(statementName(key));
      if (found === undefined || found.sent) continue;
      this.#cache.set(statementName(key), { ...found, sent: true }, { noUpdateTTL: true });
    }
  }

  /** Fetches what is not known yet, unless the server still rests from the last time. */
  async fetch(keys: readonly StatementKey[], read: TextReader): Promise<void> {
    const missing = keys.filter((key) => !this.#cache.has(statementName(key)));
    const startMs = this.#clock.monotonicMs();
    if (missing.length === 0 || startMs < this.#restUntilMs) return;
    const { coldIntervalFactor } = this.#savings();
    const ttl = timeToLiveMs * coldIntervalFactor;
    for (const { key, query } of (await read(missing)) ?? []) {
      const own = query.includes(marker);
      const known = query !== "" && query !== withheld && !own;
      if (known) this.#keep(key, query);
      const text = known ? bounded(redactSql(query, "postgresql").text, longestTextBytes) : undefined;
      this.#cache.set(statementName(key), { own, text, sent: false }, { ttl });
    }
    const endMs = this.#clock.monotonicMs();
    this.#restUntilMs = endMs + restFactor * coldIntervalFactor * (endMs - startMs);
  }
}

/** Names a statement of a database and user, at whatever level it was called. */
export function statementName(key: StatementKey): string {
  return `${key.databaseId}/${key.userId}/${key.queryId}`;
}
