import type { Logs } from "@dbintel/pdata";

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
    });
  }
  return queries.sort((one, other) => other.totalSeconds - one.totalSeconds);
}
