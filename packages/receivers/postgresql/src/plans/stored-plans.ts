import { DbintelError, driverMessage } from "@dbintel/errors";
import type { Clock } from "@dbintel/pipeline";
import { atMost, integer, number, type Row, text } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import pg from "pg";
import type { DatabaseConnection } from "../connection/connection.ts";
import { identifier, type ProblemContext } from "../connection/problems.ts";
import type { StatementKey } from "../statements/statement-table.ts";
import { statementName } from "../statements/statement-texts.ts";
import { type KnownPlan, longestPlan, planOutcomeOf } from "./plan-outcome.ts";
import { planColumns, type StoredPlanView, storedPlansSql, storedPlanViews } from "./stored-plan-view.ts";

/** A view that the user may read, in one database. */
interface Readable {
  readonly view: StoredPlanView;
  readonly relation: string;
  readonly sql: string;
}

interface Place {
  readonly readable: readonly Readable[];
  readonly problems: readonly DbintelError[];
  readonly lookedMs: number;
}

type Wanted = Omit<StatementKey, "toplevel">;

/** From one look for the extensions in a database to the next. */
const lookIntervalMs = 600_000;
const mostPlaces = 5000;

/**
 * The plans that executions had, as extensions keep them: pg_store_plans, pg_stat_plans and pg_querylens. Each shows the
 * statements of all databases, or those of its own, in the databases that it was created in.
 */
export class StoredPlans {
  readonly #clock: Clock;
  readonly #context: ProblemContext;
  readonly #withinMs: number;
  readonly #places = new LRUCache<string, Place>(atMost(mostPlaces));

  constructor(args: {
    readonly clock: Clock;
    readonly context: ProblemContext;
    /** A plan whose last execution is longer ago is not taken for the plan of today. */
    readonly withinMs: number;
  }) {
    this.#clock = args.clock;
    this.#context = args.context;
    this.#withinMs = args.withinMs;
  }

  /** Whether plans are kept in a database; `undefined` when it is time to look. */
  keptIn(database: string): boolean | undefined {
    const place = this.#places.get(database);
    if (place === undefined || this.#clock.monotonicMs() - place.lookedMs >= lookIntervalMs) return undefined;
    return place.readable.length > 0;
  }

  /** What keeps plans from being read, by what is known of the databases. */
  get problems(): readonly DbintelError[] {
    return [...this.#places.values()].flatMap(({ problems }) => problems);
  }

  /**
   * The plans of these statements that are kept in the connection's database, by {@link statementName}. A view that
   * fails is a problem; rejects when the session is lost.
   */
  async find(
    connection: DatabaseConnection,
    wanted: readonly Wanted[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, KnownPlan>> {
    const plans = new Map<string, KnownPlan>();
    if (this.keptIn(connection.database) === undefined) {
      try {
        await this.#look(connection, signal);
      } catch (error) {
        this.#fail(error, connection);
      }
    }
    const place = this.#places.get(connection.database);
    for (const readable of place?.readable ?? []) {
      const left = wanted.filter((each) => !plans.has(statementName(each)));
      if (left.length === 0) break;
      try {
        for (const [name, plan] of await this.#read(readable, { connection, wanted: left, signal }))
          plans.set(name, plan);
      } catch (error) {
        this.#fail(error, connection, readable.view);
      }
    }
    return plans;
  }

  async #look(connection: DatabaseConnection, signal: AbortSignal): Promise<void> {
    const rows = await connection.query(discoverySql, [storedPlanViews.map(({ extension }) => extension)], signal);
    const readable: Readable[] = [];
    const problems: DbintelError[] = [];
    for (const view of storedPlanViews) {
      const row = rows.find((each) => text(each, "extension") === view.extension && text(each, "view") === view.view);
      if (row === undefined) continue;
      const columns = planColumns(view, new Set((text(row, "columns") ?? "").split(" ")));
      const relation = `${identifier(text(row, "schema") ?? "")}.${identifier(view.view)}`;
      if (columns === undefined) problems.push(outdated(view, row, this.#place(connection)));
      else if (row.readable === true) {
        readable.push({ view, relation, sql: storedPlansSql(view, { relation, columns, longest: longestPlan }) });
      } else problems.push(notReadable(relation, row, { ...this.#context, place: this.#place(connection) }));
    }
    this.#places.set(connection.database, { readable, problems, lookedMs: this.#clock.monotonicMs() });
  }

  async #read(
    { view, sql }: Readable,
    args: { readonly connection: DatabaseConnection; readonly wanted: readonly Wanted[]; readonly signal: AbortSignal },
  ): Promise<ReadonlyMap<string, KnownPlan>> {
    const { connection, wanted, signal } = args;
    if (view.settings !== undefined) await connection.query(view.settings, [], signal);
    const ids = [
      wanted.map(({ databaseId }) => databaseId),
      wanted.map(({ userId }) => userId),
      wanted.map(({ queryId }) => String(queryId)),
    ] as const;
    const rows = await connection.query(sql, [...ids, this.#withinMs], signal);
    const plans = new Map<string, KnownPlan>();
    for (const row of rows) {
      const outcome = row.complete === true ? planOutcomeOf(text(row, "plan") ?? "", view.extension) : undefined;
      if (outcome?.plan === undefined) continue;
      const [databaseId = 0, userId = 0] = [number(row, "database_id"), number(row, "user_id")];
      plans.set(statementName({ databaseId, userId, queryId: integer(row, "query_id") ?? 0n }), outcome);
    }
    return plans;
  }

  /** What fails is left alone until the next look for it; without a `view` that is all of them. */
  #fail(error: unknown, connection: DatabaseConnection, view?: StoredPlanView): void {
    if (!(error instanceof pg.DatabaseError) || !connection.open) throw error;
    const known = view === undefined ? undefined : this.#places.get(connection.database);
    const what = view?.extension ?? "an extension";
    const problem = new DbintelError(
      `the plans of ${what} ${this.#place(connection)} cannot be read: ${driverMessage({ code: error.code ?? "", message: error.message })}`,
      {
        code: "DBI_DATABASE_EXTENSION",
        hint: `see whether shared_preload_libraries has ${what}; plans are asked for by EXPLAIN meanwhile`,
        retryable: true,
      },
    );
    this.#places.set(connection.database, {
      readable: known?.readable.filter((each) => each.view !== view) ?? [],
      problems: [...(known?.problems ?? []), problem],
      lookedMs: known?.lookedMs ?? this.#clock.monotonicMs(),
    });
  }

  #place({ database }: DatabaseConnection): string {
    return `in database ${identifier(database)} on ${this.#context.endpoint}`;
  }
}

/**
 * Views that belong to the extensions: one of the same name that somebody else has made is none of them, and would run
 * with our rights.
 */
const discoverySql = `
  SELECT e.extname::text AS extension, e.extversion AS version, n.nspname::text AS schema, c.relname::text AS view,
         has_schema_privilege(n.oid, 'USAGE') AS in_schema,
         has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
         (SELECT string_agg(a.attname, ' ') FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns
    FROM pg_extension e
    JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
                    AND d.classid = 'pg_class'::regclass
    JOIN pg_class c ON c.oid = d.objid AND c.relkind IN ('v', 'r')
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE e.extname = ANY($1::text[])`;

function notReadable(
  relation: string,
  row: Row,
  { username, place }: ProblemContext & { readonly place: string },
): DbintelError {
  const user = identifier(username);
  const schema = identifier(text(row, "schema") ?? "");
  const usage = row.in_schema === true ? "" : `GRANT USAGE ON SCHEMA ${schema} TO ${user}; `;
  return new DbintelError(`user ${user} may not read the plans in ${relation} ${place}`, {
    code: "DBI_DATABASE_PERMISSION",
    hint: `${usage}GRANT SELECT ON ${relation} TO ${user};`,
    retryable: false,
  });
}

function outdated({ extension }: StoredPlanView, row: Row, place: string): DbintelError {
  return new DbintelError(
    `${extension} ${text(row, "version") ?? ""} ${place} does not have the columns that are needed`,
    {
      code: "DBI_DATABASE_EXTENSION",
      hint: `ALTER EXTENSION ${extension} UPDATE; or install a later version of it`,
      retryable: false,
    },
  );
}
