import type { Attributes, Logs } from "@dbintel/pdata";

/** The event that carries what one statement cost in one interval. */
export const topQueryEvent = "db.server.top_query";

/** One statement in one interval, as people compare statements. */
export interface TopQuery {
  readonly database: string;
  /** "" where the server does not tell users apart. */
  readonly role: string;
  /** Without literals, as the receiver made it. */
  readonly text: string;
  readonly calls: number;
  readonly rows: number;
  readonly totalSeconds: number;
  /** The sum of the statements that have no event of their own. */
  readonly other?: boolean | undefined;
  /** Where the event tells of a plan, by `plan_attribute_extractor`. */
  readonly plan?: TopQueryPlan | undefined;
}

/** What a plan comes to. */
export interface TopQueryPlan {
  /** What stands at its top: `Aggregate`, `Seq Scan`. */
  readonly operation: string;
  /** The tables that it reads, with commas between them. */
  readonly relations: string;
  /** The optimizer's estimate, in its own unit. */
  readonly cost: number;
  /** Whether it reads all of a table. */
  readonly hasSeqScan: boolean;
}

/** Where MySQL and MariaDB have their numbers. */
const digest = "mysql.events_statements_summary_by_digest";

/** The `db.server.top_query` events of a batch by total time, the costliest first. */
export function topQueries(logs: Logs): readonly TopQuery[] {
  const queries: TopQuery[] = [];
  for (const { eventName, attributes } of logs.records()) {
    if (eventName !== topQueryEvent) continue;
    queries.push({
      database: attributes.getString("db.namespace") ?? "",
      role: attributes.getString("postgresql.rolname") ?? "",
      text: attributes.getString("db.query.text") ?? "",
      calls: sumOf(attributes, "postgresql.calls", `${digest}.count_star`),
      rows: sumOf(attributes, "postgresql.rows", `${digest}.returned_rows`, `${digest}.sum_rows_affected`),
      totalSeconds: sumOf(attributes, "postgresql.total_exec_time", `${digest}.sum_timer_wait`),
      other: attributes.getString("dbintel.delta.kind") === "other",
      plan: planOf(attributes),
    });
  }
  return queries.sort((one, other) => other.totalSeconds - one.totalSeconds);
}

/** Of numbers that one server or another tells. */
function sumOf(attributes: Attributes, ...names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (attributes.getNumber(name) ?? 0), 0);
}

function planOf(attributes: Attributes): TopQueryPlan | undefined {
  const hasSeqScan = attributes.getBoolean("db.query.plan.has_seq_scan");
  if (hasSeqScan === undefined) return undefined;
  return {
    operation: attributes.getString("db.query.plan.operation") ?? "",
    relations: attributes.getString("db.query.plan.relations") ?? "",
    cost: attributes.getNumber("db.query.plan.cost") ?? 0,
    hasSeqScan,
  };
}
