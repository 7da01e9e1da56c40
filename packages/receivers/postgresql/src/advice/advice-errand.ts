import type { Host } from "@dbintel/pipeline";
import { type Advice, AdviceBook, adviceOf } from "@dbintel/watching";
import type { KnownScans } from "../plans/known-scans.ts";
import type { Errand, Visit } from "../visits/errand.ts";
import { adviceAttributes } from "./advice-attributes.ts";
import type { AdviceRule } from "./advice-rule.ts";
import { fewHotUpdates, HotUpdates } from "./hot-updates.ts";
import { indexRules } from "./index-rules.ts";
import { serverRules } from "./server-rules.ts";
import { sequentialScans, tableRules } from "./table-rules.ts";

export interface AdviceErrandOptions {
  readonly host: Host;
  readonly intervalMs: number;
  /** `host:port`. */
  readonly endpoint: string;
  /** What statements are known to read: where one is, it tells more of a table than its counters. */
  readonly scans: KnownScans;
  /** How long the server must have counted before an index counts as unused. Default 14 days. */
  readonly unusedAfterDays?: number;
  /** How often a table must have been read from end to end before that is often. Default 1000. */
  readonly frequentScans?: number;
}

const databaseRules: readonly AdviceRule[] = [...indexRules, ...tableRules];
/** A name that no database has. */
const wholeServer = "";

/**
 * Looks in each database for what could be better, and once in a round of intervals at the server as a whole. Tells each
 * advice when it appears and when it is gone. Changes nothing in the database.
 */
export class AdviceErrand implements Errand {
  readonly name = "advice";
  readonly intervalMs: number;
  readonly #options: AdviceErrandOptions;
  readonly #book: AdviceBook;
  readonly #hotUpdates = new HotUpdates();
  #serverDueMs = Number.NEGATIVE_INFINITY;

  constructor(options: AdviceErrandOptions) {
    this.#options = options;
    this.intervalMs = options.intervalMs;
    this.#book = new AdviceBook({
      ...options,
      name: "advice",
      rules: [...databaseRules, fewHotUpdates, ...serverRules],
    });
  }

  async run(visit: Visit): Promise<void> {
    await this.#look(visit, visit.database, databaseRules);
    const nowMs = this.#options.host.clock.monotonicMs();
    if (nowMs < this.#serverDueMs) return;
    await this.#look(visit, wholeServer, serverRules);
    this.#serverDueMs = nowMs + this.intervalMs;
  }

  close(): Promise<void> {
    return this.#book.close();
  }

  async #look(visit: Visit, place: string, rules: readonly AdviceRule[]): Promise<void> {
    const { unusedAfterDays = 14, frequentScans = 1000, scans } = this.#options;
    const { connection, capabilities, signal } = visit;
    const found: Advice[] = [];
    const asked = new Set<string>();
    for (const rule of rules) {
      const sql = rule.sql({ capabilities, unusedAfterDays, frequentScans });
      if (sql === undefined) continue;
      const rows = await connection.query(sql, [], signal);
      asked.add(rule.id);
      found.push(...rows.map((row) => adviceOf(rule, row)));
    }
    if (place !== wholeServer) {
      found.push(...(await this.#hotUpdates.find(visit, await this.#book.open(place))));
      asked.add(fewHotUpdates.id);
    }
    const scanned = new Set(scans.of(place).flatMap((statement) => statement.scans.map(({ relation }) => relation)));
    const judged = found.filter(
      ({ rule, relation }) => rule !== sequentialScans || relation === undefined || !scanned.has(relation),
    );
    const database = place === wholeServer ? undefined : place;
    const attributes = adviceAttributes(database);
    await this.#book.tell(visit, { place, database, found: judged, asked, attributes });
  }
}
