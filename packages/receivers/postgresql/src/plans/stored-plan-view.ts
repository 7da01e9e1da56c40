import type { StoredPlanSource } from "./plan-outcome.ts";

/** What the columns of such a view mean. */
interface PlanColumns {
  readonly queryId: string;
  readonly plan: string;
  /** Absent: the statements are those of the view's own database. */
  readonly databaseId?: string;
  readonly userId?: string;
  /** When the plan was executed last. */
  readonly last?: string;
  /** Where nothing says which was executed last, a plan is taken that is its statement's only one. */
  readonly planId?: string;
}

/** A view of an extension that keeps the plans which executions had. */
export interface StoredPlanView {
  readonly extension: StoredPlanSource;
  readonly view: string;
  /** What the versions of the extension call its columns, the first that are all there are taken. */
  readonly columns: readonly [PlanColumns, ...PlanColumns[]];
  /** Asked before it is read. */
  readonly settings?: string;
  /** Whether the plan of the row `p` was kept as a whole, in SQL. Default: it always is. */
  readonly complete?: string;
}

const ofStatement = { queryId: "queryid", plan: "plan", databaseId: "dbid", userId: "userid" } as const;

/**
 * As their documentation describes them: pg_store_plans (whose query id is not that of pg_stat_statements before 1.6),
 * pg_stat_plans from 2.0 on, and pg_querylens, which has the plans of the last hour in `current_plans`.
 */
export const storedPlanViews: readonly StoredPlanView[] = [
  {
    extension: "pg_store_plans",
    view: "pg_store_plans",
    columns: [
      { ...ofStatement, queryId: "queryid_stat_statements", last: "last_call" },
      { ...ofStatement, last: "last_call" },
    ],
    // As text it is not quite what EXPLAIN writes.
    settings: "SELECT pg_catalog.set_config('pg_store_plans.plan_format', 'json', false)",
    complete: "strpos(p.plan, '<truncated>') = 0",
  },
  {
    extension: "pg_stat_plans",
    view: "pg_stat_plans",
    columns: [{ ...ofStatement, planId: "planid" }],
    // It cuts texts off without a mark, compressed ones a little below their limit.
    complete: "octet_length(p.plan) < 0.75 * coalesce(current_setting('pg_stat_plans.max_size', true), '2048')::int4",
  },
  {
    extension: "pg_querylens",
    view: "current_plans",
    columns: [{ queryId: "queryid", plan: "plan_text", last: "last_execution" }],
  },
];

/** What a view calls its columns; `undefined` when it lacks one that is needed. */
export function planColumns(view: StoredPlanView, present: ReadonlySet<string>): PlanColumns | undefined {
  return view.columns.find((columns) => Object.values(columns).every((name) => present.has(name)));
}

/**
 * Asks for the last plan of each statement of database $1, user $2 and query id $3, executed in the last $4 milliseconds;
 * `complete` is false for one that was cut off or is longer than `longest`.
 */
export function storedPlansSql(
  { complete = "true" }: StoredPlanView,
  args: { readonly relation: string; readonly columns: PlanColumns; readonly longest: number },
): string {
  const { relation, columns, longest } = args;
  const { queryId, plan, databaseId, userId, last, planId } = columns;
  const database = databaseId === undefined ? "d.oid" : `p.${databaseId}`;
  const statement = "PARTITION BY w.database_id, w.user_id, w.query_id";
  const only =
    planId === undefined ? "true" : `min(p.${planId}) OVER (${statement}) = max(p.${planId}) OVER (${statement})`;
  const age = last === undefined ? "0" : `1000 * date_part('epoch', clock_timestamp() - p.${last}::timestamptz)`;
  return `
    SELECT DISTINCT ON (k.database_id, k.user_id, k.query_id) k.database_id, k.user_id, k.query_id,
           left(k.plan, ${longest}) AS plan, k.complete AND length(k.plan) <= ${longest} AS complete
      FROM (SELECT w.*, p.${plan} AS plan, ${complete} AS complete, ${only} AS only, ${age} AS age
              FROM unnest($1::oid[], $2::oid[], $3::int8[]) w(database_id, user_id, query_id)
              JOIN pg_database d ON d.datname = current_database()
              JOIN ${relation} p ON p.${queryId} = w.query_id AND ${database} = w.database_id
                                ${userId === undefined ? "" : `AND p.${userId} = w.user_id`}) k
     WHERE k.only AND k.age <= $4::float8
     ORDER BY k.database_id, k.user_id, k.query_id, k.age`;
}
