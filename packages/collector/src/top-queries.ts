import type { Attributes, Logs } from "@dbintel/pdata";

/** The event that carries what one statement cost in one interval. */
export const topQueryEvent = "db.server.top_query";

/** One statement in one interval, as people compare statements. */
export interface TopQuery {
  readonly database: string;
  readonly role: string;
  /** Without literals, as the receiver made it. */
  readonly text: string;
  readonly calls: number;
  readonly rows: number;
  readonly totalSeconds: number;
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

/** The `db.server.top_query` events of a batch by total time, the costliest first. */
export function topQueries(logs: Logs): readonly TopQuery[] {
  const queries: TopQuery[] = [];
  for (const { eventName, attributes } of logs.records()) {
    if (eventName !== topQueryEvent) continue;
    queries.push({
      database: attributes.getString("db.namespace") ?? "",
      role: attributes.getString("postgresql.rolname") ?? "",
      text: attributes.getString("db.query.text") ?? "",
      calls: attributes.getNumber("postgresql.calls") ?? 0,
      rows: attributes.getNumber("postgresql.rows") ?? 0,
      totalSeconds: attributes.getNumber("postgresql.total_exec_time") ?? 0,
      plan: planOf(attributes),
    });
  }
  return queries.sort((one, other) => other.totalSeconds - one.totalSeconds);
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
