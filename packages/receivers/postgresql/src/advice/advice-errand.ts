import type { Host } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import { KeptState } from "../kept-state.ts";
import type { Errand, Visit } from "../visits/errand.ts";
import { addAdvice } from "./advice-events.ts";
import { adviceChanges, type OpenAdvice } from "./advice-memory.ts";
import { type Advice, type AdviceRule, adviceOf } from "./advice-rule.ts";
import { indexRules } from "./index-rules.ts";
import { serverRules } from "./server-rules.ts";
import { tableRules } from "./table-rules.ts";

export interface AdviceErrandOptions {
  readonly host: Host;
  readonly intervalMs: number;
  /** `host:port`. */
  readonly endpoint: string;
  /** How long the server must have counted before an index counts as unused. Default 14 days. */
  readonly unusedAfterDays?: number;
}

const databaseRules: readonly AdviceRule[] = [...indexRules, ...tableRules];
const rulesById = new Map([...databaseRules, ...serverRules].map((rule) => [rule.id, rule]));
/** A name that no database has. */
const wholeServer = "";
/** Databases whose open advice is remembered. */
const mostDatabases = 5000;

type KnownAdvice = LRUCache<string, readonly OpenAdvice[]>;
/** Those that were looked at longest ago first. */
type WrittenAdvice = readonly (readonly [database: string, open: readonly OpenAdvice[]])[];

/**
 * Looks in each database for what could be better, and once in a round of intervals at the server as a whole. Tells each
 * advice when it appears and when it is gone. Changes nothing in the database.
 */
export class AdviceErrand implements Errand {
  readonly name = "advice";
  readonly intervalMs: number;
  readonly #options: AdviceErrandOptions;
  readonly #known: KeptState<KnownAdvice, WrittenAdvice>;
  #serverDueMs = Number.NEGATIVE_INFINITY;

  constructor(options: AdviceErrandOptions) {
    this.#options = options;
    this.intervalMs = options.intervalMs;
    this.#known = new KeptState<KnownAdvice, WrittenAdvice>({
      host: options.host,
      name: "advice",
      loss: "every advice is told again",
      initial: remembering([]),
      version: 1,
      write: (known) => [...known.entries()].reverse(),
      read: remembering,
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
    return this.#known.close();
  }

  async #look(visit: Visit, place: string, rules: readonly AdviceRule[]): Promise<void> {
    const { host, endpoint, unusedAfterDays = 14 } = this.#options;
    const { connection, capabilities, logs, timeUnixNano, signal } = visit;
    const known = await this.#known.get();
    const found: Advice[] = [];
    const asked = new Set<string>();
    for (const rule of rules) {
      const sql = rule.sql({ capabilities, unusedAfterDays });
      if (sql === undefined) continue;
      const rows = await connection.query(sql, [], signal);
      asked.add(rule.id);
      found.push(...rows.map((row) => adviceOf(rule, row)));
    }
    const open = known.get(place) ?? [];
    const changes = adviceChanges({ open, found, asked, nowMicros: Number(timeUnixNano / 1000n) });
    const shared = {
      ...{ server: endpoint, timeUnixNano, observedUnixNano: host.clock.unixNano() },
      database: place === wholeServer ? undefined : place,
    };
    const tell = (advice: OpenAdvice, state: "open" | "resolved") =>
      addAdvice(logs, { ...shared, advice, rule: rulesById.get(advice.rule), state });
    for (const advice of changes.appeared) tell(advice, "open");
    for (const advice of changes.resolved) tell(advice, "resolved");
    if (open.length === 0 && changes.open.length === 0) return;
    visit.onTaken(() => {
      known.set(place, changes.open);
      this.#known.set(known);
    });
  }
}

function remembering(databases: WrittenAdvice): KnownAdvice {
  const cache: KnownAdvice = new LRUCache({ max: mostDatabases });
  for (const [database, advice] of databases) cache.set(database, advice);
  return cache;
}
