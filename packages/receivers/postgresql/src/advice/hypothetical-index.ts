import { nodesOf, type Plan, readPlan } from "@dbintel/plans";
import { number, text } from "@dbintel/watching";
import pg from "pg";
import type { DatabaseConnection } from "../connection/connection.ts";
import { identifier } from "../connection/problems.ts";
import type { ExplainedStatement, PlanSession } from "../plans/plan-session.ts";

/** What an index would bring, in the optimizer's own units. */
export interface IndexGain {
  readonly costBefore: number;
  readonly costAfter: number;
  /** What hypopg estimates of its size. */
  readonly bytes: number | undefined;
}

/**
 * The extension hypopg in one database: indexes that exist for the plans of one session alone. Nothing is built and
 * nothing is written.
 */
export class HypotheticalIndexes {
  readonly #connection: DatabaseConnection;
  readonly #plans: PlanSession;
  readonly #schema: string;

  private constructor(args: {
    readonly connection: DatabaseConnection;
    readonly plans: PlanSession;
    readonly schema: string;
  }) {
    this.#connection = args.connection;
    this.#plans = args.plans;
    this.#schema = args.schema;
  }

  /** `undefined` where the extension is not in the database, or not for the user. `plans` has begun. */
  static async find(
    args: { readonly connection: DatabaseConnection; readonly plans: PlanSession },
    signal: AbortSignal,
  ): Promise<HypotheticalIndexes | undefined> {
    const [row] = await args.connection.query(
      `SELECT n.nspname::text AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'hypopg' AND has_schema_privilege(n.oid, 'USAGE')`,
      [],
      signal,
    );
    const schema = row === undefined ? undefined : text(row, "schema");
    return schema === undefined ? undefined : new HypotheticalIndexes({ ...args, schema: identifier(schema) });
  }

  /**
   * What the index would bring to a statement: `useless` when its plan would not use it, `undefined` when the server does
   * not say. Rejects as {@link PlanSession.explain} does.
   */
  async gain(
    args: { readonly createIndex: string; readonly statement: ExplainedStatement },
    signal: AbortSignal,
  ): Promise<IndexGain | "useless" | undefined> {
    const before = await this.#planOf(args.statement, signal);
    if (before?.root.estimate?.totalCost === undefined) return undefined;
    const index = await this.#create(args.createIndex, signal);
    if (index === undefined) return undefined;
    try {
      const after = await this.#planOf(args.statement, signal);
      if (after?.root.estimate?.totalCost === undefined) return undefined;
      const used = [...nodesOf(after.root)].some((node) => node.index === index.name);
      if (!used) return "useless";
      const [costBefore, costAfter] = [before.root.estimate.totalCost, after.root.estimate.totalCost];
      return { costBefore, costAfter, bytes: index.bytes };
    } finally {
      if (this.#connection.open) await this.#connection.query(`SELECT ${this.#schema}.hypopg_reset()`, [], signal);
    }
  }

  async #create(createIndex: string, signal: AbortSignal) {
    try {
      const [row] = await this.#connection.query(
        `SELECT i.indexname AS name, ${this.#schema}.hypopg_relation_size(i.indexrelid) AS bytes
           FROM ${this.#schema}.hypopg_create_index($1) i`,
        [createIndex],
        signal,
      );
      const name = row === undefined ? undefined : text(row, "name");
      return row === undefined || name === undefined ? undefined : { name, bytes: number(row, "bytes") };
    } catch (error) {
      // A kind of column or table that it does not take.
      if (error instanceof pg.DatabaseError && this.#connection.open) return undefined;
      throw error;
    }
  }

  async #planOf(statement: ExplainedStatement, signal: AbortSignal): Promise<Plan | undefined> {
    const { plan } = await this.#plans.explain(statement, signal);
    return plan === undefined ? undefined : readPlan(plan, { syntax: "postgresql" }).plan;
  }
}
