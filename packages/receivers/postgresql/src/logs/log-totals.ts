import type { AttributesInit, MetricsBuilder, NumberPointInit } from "@dbintel/pdata";
import type { LogGap } from "./log-follower.ts";
import type { LogKind } from "./log-kinds.ts";

/** An entry as it is counted. */
export interface CountedEntry {
  readonly kind: LogKind;
  readonly database: string | undefined;
  /** Set for errors. */
  readonly sqlState: string | undefined;
}

/** Combinations of database and SQLSTATE that are counted one by one; the rest is summed. */
const mostErrors = 500;
const others = "other";
/** What an error without a SQLSTATE in its prefix is counted under. */
const unknown = "unknown";

interface Totals {
  readonly entries: ReadonlyMap<LogKind, number>;
  /** By database and SQLSTATE. */
  readonly errors: ReadonlyMap<string, { readonly attributes: AttributesInit; readonly value: number }>;
  readonly gaps: ReadonlyMap<LogGap, number>;
  readonly bytes: number;
}

/** Counters of what was read of a log since the collector began to. */
export class LogTotals {
  readonly #totals: Totals;

  private constructor(totals: Totals) {
    this.#totals = totals;
  }

  static readonly none: LogTotals = new LogTotals({ entries: new Map(), errors: new Map(), gaps: new Map(), bytes: 0 });

  /** The counters after another reading; these stay as they are. */
  after(args: {
    readonly entries: readonly CountedEntry[];
    readonly gaps: ReadonlyMap<LogGap, number>;
    readonly bytes: number;
  }): LogTotals {
    const entries = new Map(this.#totals.entries);
    const errors = new Map(this.#totals.errors);
    const gaps = new Map(this.#totals.gaps);
    for (const entry of args.entries) {
      plus(entries, entry.kind, 1);
      if (entry.sqlState !== undefined) addError(errors, entry.database, entry.sqlState);
    }
    for (const [reason, bytes] of args.gaps) plus(gaps, reason, bytes);
    return new LogTotals({ entries, errors, gaps, bytes: this.#totals.bytes + args.bytes });
  }

  addTo(metrics: MetricsBuilder, time: { readonly startTimeUnixNano: bigint; readonly timeUnixNano: bigint }): void {
    const { entries, errors, gaps, bytes } = this.#totals;
    const add = (name: string, unit: string, description: string, points: readonly NumberPointInit[]) => {
      if (points.length === 0) return;
      metrics.sum({ name, unit, description, monotonic: true, temporality: "cumulative" }, points);
    };
    const point = (value: number, attributes: AttributesInit): NumberPointInit => ({
      ...time,
      value: BigInt(value),
      attributes,
    });
    add(
      "db.log.errors",
      "{errors}",
      "Errors in the server's log by SQLSTATE",
      [...errors.values()].map(({ attributes, value }) => point(value, attributes)),
    );
    add(
      "db.log.entries",
      "{entries}",
      "Messages in the server's log by what they are about",
      [...entries].map(([kind, value]) => point(value, { "db.log.kind": kind })),
    );
    add("db.log.read", "By", "What was read of the server's log", [point(bytes, {})]);
    add(
      "db.log.skipped",
      "By",
      "What was left out of the server's log by why",
      [...gaps].map(([reason, value]) => point(value, { reason })),
    );
  }
}

function addError(
  errors: Map<string, { readonly attributes: AttributesInit; readonly value: number }>,
  database: string | undefined,
  state: string,
): void {
  const name = `${state}/${database ?? ""}`;
  const known = errors.get(name);
  const isNew = known === undefined && errors.size >= mostErrors;
  const key = isNew ? others : name;
  const attributes = isNew
    ? { "db.response.status_code": others }
    : {
        "db.namespace": database,
        "db.response.status_code": state,
        "postgresql.sqlstate.class": state === unknown ? undefined : state.slice(0, 2),
      };
  errors.set(key, { attributes, value: (errors.get(key)?.value ?? 0) + 1 });
}

function plus<Key>(sums: Map<Key, number>, key: Key, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

/** What an entry counts under, when it is an error. */
export function countedState(severity: string, sqlState: string | undefined): string | undefined {
  if (sqlState === undefined) return /^(?:ERROR|FATAL|PANIC)$/.test(severity) ? unknown : undefined;
  return /^0[0-3]/.test(sqlState) || severity === "LOG" ? undefined : sqlState;
}
