import type { AnyValue } from "@dbintel/pdata";
import type { QueryCorrelatorConfig } from "../config.ts";
import type { Table } from "./table.ts";

/** What is known of the tables of one statement. */
export interface TablesHealth {
  /** The attributes that tell it. */
  readonly attributes: Readonly<Record<string, AnyValue | undefined>>;
  /** How many of them are scanned without an index. */
  readonly scannedWithoutIndex: number;
  /** The statement has tables, but nothing is known of any, or only what is too old. */
  readonly outcome: "linked" | "stale" | "unknown";
}

/** A table as the statement names it. */
interface NamedTable {
  readonly name: string;
  readonly table: Table | undefined;
}

/**
 * Judges tables by the rules by which PostgreSQL's autovacuum does (PostgreSQL documentation, "The Autovacuum Daemon"):
 * dead rows above `threshold + scale_factor · rows` want a VACUUM, changed ones an ANALYZE. A table is scanned without
 * an index when it is large and in its last interval most accesses to it were of all its rows.
 */
export function healthOf(
  tables: readonly NamedTable[],
  args: { readonly atMs: number; readonly maxAgeMs: number; readonly config: QueryCorrelatorConfig["tables"] },
): TablesHealth {
  const { atMs, maxAgeMs, config } = args;
  const sinceMs = atMs - maxAgeMs;
  const known = tables.flatMap(({ name, table }) => (table === undefined ? [] : [{ name, table }]));
  const fresh = known.filter(({ table }) => table.lastMs >= sinceMs);
  if (fresh.length === 0) {
    return { attributes: {}, scannedWithoutIndex: 0, outcome: known.length > 0 ? "stale" : "unknown" };
  }
  const facts = fresh.map(({ name, table }) => factsOf(name, table, sinceMs));

  const vacuum = facts.filter(
    ({ dead, live }) => dead !== undefined && dead > config.vacuum_threshold + config.vacuum_scale_factor * (live ?? 0),
  );
  const analyze = facts.filter(
    ({ modified, live }) =>
      modified !== undefined && modified > config.analyze_threshold + config.analyze_scale_factor * (live ?? 0),
  );
  const scanned = facts.filter(
    ({ live, scanShare }) =>
      live !== undefined && live >= config.scan_min_rows && scanShare !== undefined && scanShare >= config.scan_share,
  );
  return {
    attributes: {
      "db.query.tables.rows": integer(total(facts.map(({ live }) => live))),
      "db.query.tables.dead_rows": integer(total(facts.map(({ dead }) => dead))),
      "db.query.tables.dead_ratio": greatest(facts.map(deadRatio)),
      "db.query.tables.modified_rows": integer(total(facts.map(({ modified }) => modified))),
      "db.query.tables.write_rate": total(facts.map(({ writeRate }) => writeRate)),
      "db.query.tables.size": integer(total(facts.map(({ size }) => size))),
      "db.query.tables.vacuum_age": greatest(facts.map(({ vacuumedAt }) => ageOf(vacuumedAt, atMs))),
      "db.query.tables.analyze_age": greatest(facts.map(({ analyzedAt }) => ageOf(analyzedAt, atMs))),
      "db.query.tables.vacuum_needed": names(vacuum),
      "db.query.tables.analyze_needed": names(analyze),
      "db.query.tables.scanned_without_index": names(scanned),
    },
    scannedWithoutIndex: scanned.length,
    outcome: "linked",
  };
}

type Facts = ReturnType<typeof factsOf>;

function factsOf(name: string, table: Table, sinceMs: number) {
  const sequential = table.increase("sequential_scans", sinceMs);
  const indexed = table.increase("index_scans", sinceMs) ?? 0;
  return {
    name,
    live: table.sum("live_rows", sinceMs),
    dead: table.sum("dead_rows", sinceMs),
    modified: table.sum("modified_rows", sinceMs),
    writeRate: table.rate("changed_rows", sinceMs),
    size: table.sum("size", sinceMs),
    vacuumedAt: table.latest("vacuumed_at", sinceMs),
    analyzedAt: table.latest("analyzed_at", sinceMs),
    scanShare: sequential === undefined || sequential <= 0 ? undefined : sequential / (sequential + indexed),
  };
}

function deadRatio({ dead, live }: Facts): number | undefined {
  if (dead === undefined || live === undefined) return undefined;
  return dead + live > 0 ? dead / (dead + live) : 0;
}

/** Seconds since a time in seconds since 1970; exporters give 0 for never. */
function ageOf(at: number | undefined, nowMs: number): number | undefined {
  return at === undefined || at <= 0 ? undefined : Math.max(0, nowMs / 1000 - at);
}

function total(values: readonly (number | undefined)[]): number | undefined {
  return reduce(values, (sum, value) => sum + value);
}

function greatest(values: readonly (number | undefined)[]): number | undefined {
  return reduce(values, Math.max);
}

function reduce(values: readonly (number | undefined)[], join: (one: number, other: number) => number) {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((one, other) => join(one, other));
}

function integer(value: number | undefined): bigint | undefined {
  return value === undefined || !Number.isSafeInteger(value) ? undefined : BigInt(value);
}

function names(facts: readonly Facts[]): readonly string[] | undefined {
  return facts.length === 0 ? undefined : facts.map(({ name }) => name);
}
