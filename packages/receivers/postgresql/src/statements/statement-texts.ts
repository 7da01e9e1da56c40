import type { Savings } from "@dbintel/feedback";
import { type Clock, forgottenAfter } from "@dbintel/pipeline";
import { redactSql } from "@dbintel/sql";
import { bounded, printable } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import type { StatementKey } from "./statement-table.ts";

/** What is kept of a statement's text: nothing that a user typed as a value. */
export interface StatementText {
  /** Redacted; `undefined` when the server hides or has lost the text. */
  readonly text: string | undefined;
  /** Whether it is anything but a statement that is planned: what is known of utility statements is less. */
  readonly utility: boolean;
  /** Whether it has left in an event, and nothing of it changed since. */
  readonly sent: boolean;
}

/** The text that the server keeps for an entry. */
export interface StoredText {
  readonly key: StatementKey;
  /** As it was typed where the server does not normalise: never to be shown or kept. Absent when it was not asked for. */
  readonly query: string | undefined;
  /** Whether it is one of the collector's own statements. */
  readonly own: boolean;
}

/** What is asked of the server's text file in one reading. */
export interface TextRequest {
  readonly keys: readonly StatementKey[];
  /** The user whose entries are to be looked through for the collector's own. */
  readonly ownUserId: number | undefined;
  /** Takes one text after the other; none is kept by who reads them. */
  readonly onText: (text: StoredText) => void;
}

/** Reads stored texts; false when the server is left alone now. */
export type TextReader = (request: TextRequest) => Promise<boolean>;

/** Takes the text of a statement as it was read: with what the server leaves in it of constants. */
export type KeepText = (key: StatementKey, query: string) => void;

const longestTextBytes = 10_000;
/** All texts that are kept, together, in characters. */
const mostCharacters = 16 * 2 ** 20;
const mostOwn = 10_000;
const timeToLiveMs = 3_600_000;
/** A reading of texts that took t is not repeated for 20 t: at most 5 % of one server core goes into it. */
const restFactor = 20;
const withheld = "<insufficient privilege>";
/** The statements that the server plans. */
export const planned: ReadonlySet<string> = new Set([
  ...["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE"],
]);

/** The redacted texts of statements, fetched once for each new key that is about to be shown. */
export class StatementTexts {
  readonly #clock: Clock;
  readonly #savings: () => Savings;
  readonly #keep: KeepText;
  readonly #cache: LRUCache<string, StatementText>;
  /** Those of the collector's own statements that were found. */
  readonly #own = new Set<string>();
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
      maxSize: mostCharacters,
      sizeCalculation: ({ text = "" }) => text.length + 1,
      ...forgottenAfter(timeToLiveMs, options.clock),
    });
  }

  get(key: StatementKey): StatementText | undefined {
    return this.#cache.get(statementName(key));
  }

  /** Whether it was found to be one of the collector's own statements. */
  isOwn(key: StatementKey): boolean {
    return this.#own.has(statementName(key));
  }

  /** How many of the collector's own statements were found. */
  get ownCount(): number {
    return this.#own.size;
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

  /**
   * Fetches what is not known yet, and with `ownUserId` the names of the collector's own statements, unless the server
   * still rests from the last time. Answers whether it was asked.
   */
  async fetch(
    { keys, ownUserId }: Omit<TextRequest, "onText">,
    read: TextReader,
  ): Promise<{ readonly asked: boolean }> {
    const missing = keys.filter((key) => !this.#cache.has(statementName(key)));
    const startMs = this.#clock.monotonicMs();
    if ((missing.length === 0 && ownUserId === undefined) || startMs < this.#restUntilMs) return { asked: false };
    const { coldIntervalFactor } = this.#savings();
    const ttl = timeToLiveMs * coldIntervalFactor;
    try {
      const asked = await read({ keys: missing, ownUserId, onText: (stored) => this.#take(stored, ttl) });
      return { asked };
    } finally {
      // A reading that failed has cost as much.
      const endMs = this.#clock.monotonicMs();
      this.#restUntilMs = endMs + restFactor * coldIntervalFactor * (endMs - startMs);
    }
  }

  #take({ key, query, own }: StoredText, ttl: number): void {
    const name = statementName(key);
    if (own) this.#addOwn(name);
    if (query === undefined) return;
    const known = query !== "" && query !== withheld && !own;
    if (known) this.#keep(key, query);
    const redacted = known ? redactSql(query, "postgresql") : undefined;
    const text = redacted === undefined ? undefined : bounded(printable(redacted.text), longestTextBytes);
    const utility = redacted !== undefined && (redacted.utility || !planned.has(redacted.kind));
    this.#cache.set(name, { text, utility, sent: false }, { ttl });
  }

  #addOwn(name: string): void {
    // Last in the order, so that what was found longest ago is the first to go.
    this.#own.delete(name);
    this.#own.add(name);
    const [oldest] = this.#own;
    if (this.#own.size > mostOwn && oldest !== undefined) this.#own.delete(oldest);
  }
}

/** Names a statement of a database and user, at whatever level it was called. */
export function statementName(key: Omit<StatementKey, "toplevel">): string {
  return `${key.databaseId}/${key.userId}/${key.queryId}`;
}
