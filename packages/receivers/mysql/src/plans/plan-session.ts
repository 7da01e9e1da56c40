import type { Clock } from "@dbintel/pipeline";
import type { NoPlanReason, PlanOutcome, Row } from "@dbintel/watching";
import { namedValues } from "../connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "../connection/connection.ts";
import { ownName } from "../connection/session.ts";
import { anonymousPlan, type PlanSource } from "./anonymous-plan.ts";
import { type ExplainableText, explainableText } from "./explainable.ts";
import { refusalOf } from "./refusal.ts";

/** How plans are asked for, as the configuration says. */
export interface ExplainSettings {
  readonly mode: "inline" | "procedure";
  readonly procedure: string;
  readonly format: "json" | "json_v1" | "tree";
}

/** A statement that was really executed: its text is for the server alone to see again. */
export interface SampledStatement {
  readonly schema: string | null;
  readonly text: string;
}

/** MariaDB calls it so too since 11.1. */
const readOnlyVariable = "transaction_read_only";
const planTimeoutMs = 1000;
/** The end of a wait for a plan; the statement is killed on the server. */
class TooSlowError extends Error {}

/**
 * One short session that asks for plans of real statements. Each EXPLAIN is a transaction of its own, which ends with it
 * and is read-only, except for a statement that would change something: EXPLAIN does not execute it, and the server does
 * not explain it in a read-only one. What planning itself runs, functions with constant arguments, is bound by the
 * transaction and the timeouts.
 */
export class PlanSession {
  readonly #connection: DatabaseConnection;
  readonly #clock: Clock;
  readonly #explain: ExplainSettings;
  #longest: number | undefined;
  #schema: string | null = null;
  #version: 1 | 2 | undefined;
  #readOnlyVariable = readOnlyVariable;

  constructor(args: {
    readonly settings: ConnectionSettings;
    readonly clock: Clock;
    readonly explain: ExplainSettings;
  }) {
    const { settings } = args;
    const statementTimeoutMs = Math.min(planTimeoutMs, settings.statementTimeoutMs);
    this.#connection = new DatabaseConnection({ ...settings, statementTimeoutMs });
    this.#clock = args.clock;
    this.#explain = args.explain;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Asks for the plan of one statement. Rejects when the session is lost, with an error of `mysql2`. */
  async explain(statement: SampledStatement, signal: AbortSignal): Promise<PlanOutcome<PlanSource>> {
    this.#longest ??= await this.#begin(signal);
    const { product } = this.#connection;
    const asked = explainableText(statement.text, { product, longest: this.#longest });
    if (typeof asked === "string") return { reason: asked };
    const slow = new AbortController();
    const limit = AbortSignal.any([signal, slow.signal]);
    const timer = this.#clock.schedule(2 * planTimeoutMs, () => slow.abort(new TooSlowError("the plan took too long")));
    try {
      return await this.#ask(asked, statement.schema, limit);
    } catch (error) {
      if (error instanceof TooSlowError) return { reason: "timeout" };
      const reason: NoPlanReason | undefined = refusalOf(error);
      if (reason === undefined) throw error;
      return { reason };
    } finally {
      timer.cancel();
    }
  }

  async #ask(
    { sql, kind, writes }: ExplainableText,
    schema: string | null,
    signal: AbortSignal,
  ): Promise<PlanOutcome<PlanSource>> {
    const { product } = this.#connection;
    if (schema !== null && schema !== this.#schema) {
      await this.#query(`USE ${quoted(schema)}`, signal);
      this.#schema = schema;
    }
    const source = this.#explain.mode === "procedure" ? "procedure" : "explain";
    // Version 2 knows the plans that MySQL executes by iterators, which UPDATE and DELETE of one table are not.
    const isOld = this.#explain.format === "json_v1" || kind === "UPDATE" || kind === "DELETE";
    await this.#useVersion(isOld ? 1 : 2, signal);
    if (writes) await this.#readOnly(false, signal);
    try {
      const rows =
        source === "procedure"
          ? await this.#connection.query(callSql(this.#explain.procedure), [sql], signal)
          : await this.#query(`EXPLAIN FORMAT=${this.#format(isOld)} ${sql}`, signal);
      return anonymousPlan(planIn(rows), { dialect: product, source });
    } finally {
      if (writes && this.#connection.session !== undefined) await this.#readOnly(true, signal);
    }
  }

  async #readOnly(isReadOnly: boolean, signal: AbortSignal): Promise<void> {
    await this.#query(`SET SESSION ${this.#readOnlyVariable} = ${isReadOnly ? 1 : 0}`, signal);
    await this.#useModes(signal);
  }

  #format(isOld: boolean): "JSON" | "TREE" {
    return this.#explain.format === "tree" && this.#connection.product === "mysql" && !isOld ? "TREE" : "JSON";
  }

  async #useVersion(version: 1 | 2, signal: AbortSignal): Promise<void> {
    if (this.#version === undefined || this.#version === version) return;
    await this.#query(`SET SESSION explain_json_format_version = ${version}`, signal);
    this.#version = version;
    await this.#useModes(signal);
  }

  /** Reads what the server keeps of a text, and sets what planning goes by. */
  async #begin(signal: AbortSignal): Promise<number> {
    const wanted = [
      "performance_schema_max_sql_text_length",
      "explain_json_format_version",
      "expensive_subquery_limit",
      readOnlyVariable,
    ];
    const variables = namedValues(
      await this.#connection.query("SHOW VARIABLES WHERE Variable_name IN (?)", [wanted], signal),
    );
    if (!variables.has(readOnlyVariable)) this.#readOnlyVariable = "tx_read_only";
    const version = variables.get("explain_json_format_version");
    this.#version = version === "1" ? 1 : version === "2" ? 2 : undefined;
    const settings = ["innodb_lock_wait_timeout = 1"];
    // MariaDB executes subqueries while it plans that are expected to read no more rows than this.
    if (variables.has("expensive_subquery_limit")) settings.push("expensive_subquery_limit = 0");
    await this.#query(`SET SESSION ${settings.join(", SESSION ")}`, signal);
    await this.#useModes(signal);
    return Number(variables.get("performance_schema_max_sql_text_length") ?? 1024);
  }

  /** Statements are read as in the sessions of the server's applications, as far as that is known. */
  #useModes(signal: AbortSignal): Promise<readonly Row[]> {
    return this.#query("set SESSION sql_mode = (SELECT @@GLOBAL.sql_mode AS dbintel_own)", signal);
  }

  #query(sql: string, signal: AbortSignal): Promise<readonly Row[]> {
    return this.#connection.query(sql, [], signal);
  }
}

/** The only column of the only row; a procedure answers with a list of answers. */
function planIn(rows: readonly Row[]): string {
  const [first] = rows;
  const row = Array.isArray(first) ? (first[0] as Row | undefined) : first;
  const [value] = Object.values(row ?? {});
  return typeof value === "string" ? value : "";
}

/** A call keeps no comment either: its argument has the name that tells whose it is. */
function callSql(procedure: string): string {
  return `CALL ${quoted(procedure)}((SELECT ? AS ${ownName}))`;
}

function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
