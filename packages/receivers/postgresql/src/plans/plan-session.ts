import { analyzeSql } from "@dbintel/sql";
import type { Row } from "@dbintel/watching";
import { integer, type NoPlanReason, text } from "@dbintel/watching";
import pg, { escapeLiteral } from "pg";
import { type DatabaseConnection, scriptOf } from "../connection/connection.ts";
import { definerCall, hasDefiner } from "./definer.ts";
import { type AskedPlanSource, type PlanOutcome, planOutcomeOf, reasonOf } from "./plan-outcome.ts";
import { type PlannerSetting, pathTo, plannerSettings } from "./planner-settings.ts";
import { type Complaint, repaired, withoutTypedParameters } from "./repair.ts";

/** A statement as pg_stat_statements keeps it, and whose it is. */
export interface ExplainedStatement {
  readonly query: string;
  readonly userId: number;
  readonly role: string | undefined;
}

/**
 * How a plan is asked for. `prepared` always goes under the same name, so that it is few entries of pg_stat_statements,
 * where `generic` is one for each statement.
 */
type Rung = AskedPlanSource;
/** What can be asked for, the first choice first. */
type Rungs = readonly [Rung, Rung?];

interface Question {
  readonly rung: Rung;
  readonly query: string;
  readonly settings: readonly PlannerSetting[];
  /** Whether the tables were looked for in all schemas. */
  readonly searched: boolean;
}

const planTimeoutMs = 1000;
const preparedName = "dbintel_plan";
const closing = "ROLLBACK";
/** Each repair is another attempt. */
const mostAttempts = 8;
const undefinedTable = "42P01";

/** A session that plans has the server's settings, and makes plans for any value. */
export const planSessionOptions: readonly string[] = [
  "plan_cache_mode=force_generic_plan",
  "standard_conforming_strings=on",
  "client_min_messages=error",
];

/** The server planned a prepared statement for the values that it was given. */
class NotGenericError extends Error {}

/**
 * One session on one database that asks for plans. Each is asked for in a read-only transaction of its own that ends
 * with ROLLBACK. EXPLAIN runs no statement; what planning itself runs, stable functions with constant arguments, is
 * bound by the transaction and the timeouts.
 */
export class PlanSession {
  readonly #connection: DatabaseConnection;
  readonly #versionNumber: number;
  readonly #settings = new Map<number, readonly PlannerSetting[]>();
  #rungs: Rungs | undefined;
  #usualPath = "";
  #hasPrepared = false;

  /** The session has {@link planSessionOptions}. */
  constructor(args: { readonly connection: DatabaseConnection; readonly versionNumber: number }) {
    this.#connection = args.connection;
    this.#versionNumber = args.versionNumber;
  }

  /** Finds out what can be asked for here; from then on names in queries mean the system's. */
  async start(signal: AbortSignal): Promise<Rungs> {
    this.#rungs ??= await this.#begin(signal);
    return this.#rungs;
  }

  /**
   * Asks for the plan of one statement. Rejects when the server was too busy (an error of `pg`), or when the session
   * is lost.
   */
  async explain(statement: ExplainedStatement, signal: AbortSignal): Promise<PlanOutcome> {
    this.#connection.limit(planTimeoutMs);
    const [rung] = await this.start(signal);
    let question: Question = {
      rung,
      query: withoutTypedParameters(statement.query, this.#versionNumber),
      settings: await this.#settingsOf(statement, signal),
      searched: false,
    };
    for (let attempt = 1; ; attempt++) {
      try {
        return planOutcomeOf(await this.#ask(question, signal), question.rung);
      } catch (error) {
        if (error instanceof NotGenericError) return { reason: "not_generic" };
        if (!(error instanceof pg.DatabaseError) || !this.#connection.open) throw error;
        const reason = reasonOf(error.code);
        if (reason === "timeout") throw error;
        const next = attempt < mostAttempts ? await this.#otherwise(question, error, signal) : { reason };
        if ("reason" in next) return next;
        question = next;
      }
    }
  }

  /** How to ask after an error: of a repaired text, in another way, or where the tables are. */
  async #otherwise(
    question: Question,
    error: pg.DatabaseError,
    signal: AbortSignal,
  ): Promise<Question | { readonly reason: NoPlanReason }> {
    const query = repaired(question.query, complaintOf(error, question));
    if (query !== undefined) return { ...question, query };
    const reason = reasonOf(error.code);
    const rung = reason === "no_permission" ? this.#rungs?.[1] : undefined;
    if (rung !== undefined && rung !== question.rung) return { ...question, rung };
    if (error.code !== undefinedTable) return { reason };
    // It was found in a schema that the user may not look into.
    if (question.searched) return { reason: "no_permission" };
    const path = await pathTo(this.#connection, unqualifiedTables(question.query), signal);
    if (path === undefined) return { reason };
    return { ...question, searched: true, settings: [...question.settings, ["search_path", path]] };
  }

  async #ask(question: Question, signal: AbortSignal): Promise<string> {
    const { rung, query } = question;
    try {
      if (rung === "generic") {
        const [, , plan = []] = await this.#connection.script([...opening(question), generic(query), closing], signal);
        return planIn(plan);
      }
      await this.#connection.script(opening(question), signal);
      const plan =
        rung === "prepared"
          ? await this.#prepared(query, signal)
          : planIn(await this.#connection.query(`SELECT ${definerCall}($1)::pg_catalog.text`, [query], signal));
      await this.#query(closing, signal);
      return plan;
    } catch (error) {
      if (this.#connection.open) await this.#query(closing, signal);
      throw error;
    } finally {
      // What is prepared outlives its transaction.
      if (this.#hasPrepared && this.#connection.open) await this.#query(`DEALLOCATE ${preparedName}`, signal);
      this.#hasPrepared = false;
    }
  }

  /** EXPLAIN EXECUTE with a NULL for each parameter: a plan for them, and not for any value, would be a false one. */
  async #prepared(query: string, signal: AbortSignal): Promise<string> {
    await this.#query(prepare(query), signal);
    this.#hasPrepared = true;
    const [row = {}] = await this.#query(
      `SELECT pg_catalog.current_setting('plan_cache_mode') AS mode,
              pg_catalog.cardinality(parameter_types)::bigint AS parameters
         FROM pg_catalog.pg_prepared_statements WHERE name = '${preparedName}'`,
      signal,
    );
    if (text(row, "mode") !== "force_generic_plan") throw new NotGenericError();
    const values = Array.from({ length: Number(integer(row, "parameters") ?? 0n) }, () => "NULL");
    const list = values.length === 0 ? "" : ` (${values.join(", ")})`;
    const plan = planIn(await this.#query(`EXPLAIN (FORMAT JSON) EXECUTE ${preparedName}${list}`, signal));
    if (!(await this.#wasGeneric(signal))) throw new NotGenericError();
    return plan;
  }

  /** PostgreSQL 14 and later count how often a prepared statement was planned in either way. */
  async #wasGeneric(signal: AbortSignal): Promise<boolean> {
    if (this.#versionNumber < 140_000) return true;
    const [row = {}] = await this.#query(
      `SELECT generic_plans, custom_plans FROM pg_catalog.pg_prepared_statements WHERE name = '${preparedName}'`,
      signal,
    );
    return integer(row, "generic_plans") !== 0n && integer(row, "custom_plans") === 0n;
  }

  async #settingsOf({ userId, role }: ExplainedStatement, signal: AbortSignal): Promise<readonly PlannerSetting[]> {
    const known = this.#settings.get(userId);
    if (known !== undefined) return known;
    const args = { connection: this.#connection, role: { id: userId, name: role }, usualPath: this.#usualPath };
    const settings = await plannerSettings(args, signal);
    this.#settings.set(userId, settings);
    return settings;
  }

  /** Finds out what can be asked for here, the first choice first. */
  async #begin(signal: AbortSignal): Promise<Rungs> {
    const [path = {}] = await this.#query("SELECT pg_catalog.current_setting('search_path') AS usual", signal);
    this.#usualPath = text(path, "usual") ?? "";
    await this.#query("SELECT pg_catalog.set_config('search_path', 'pg_catalog', false)", signal);
    const own: Rung = this.#versionNumber >= 160_000 && !this.#connection.tracked ? "generic" : "prepared";
    // A DBA made the function for us to call: its owner sees more than we do.
    return (await hasDefiner(this.#connection, signal)) ? ["definer", own] : [own];
  }

  /** By the simple protocol: in the other one `$1` would be a parameter of EXPLAIN itself. */
  #query(sql: string, signal: AbortSignal): Promise<readonly Row[]> {
    return this.#connection.query(sql, [], signal);
  }
}

function planIn([row = {}]: readonly Row[]): string {
  const [value] = Object.values(row);
  return typeof value === "string" ? value : "";
}

function generic(query: string): string {
  return `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${query}`;
}

function prepare(query: string): string {
  return `PREPARE ${preparedName} AS ${query}`;
}

/** After it names are looked for where the statement's role has them: ours say pg_catalog. */
function opening({ settings }: Question): [string, string] {
  const values = settings.map(([name, value]) => `set_config(${escapeLiteral(name)}, ${escapeLiteral(value)}, true)`);
  return ["BEGIN READ ONLY", `SELECT ${values.join(", ")}`];
}

/** What the server said, and where in `query`: that is the end of what it was sent, or of what the function made of it. */
function complaintOf(error: pg.DatabaseError, question: Question): Complaint {
  const { code = "", message, position, internalPosition, internalQuery } = error;
  const { query } = question;
  const before = characters(upTo(question, internalQuery)) - characters(query.trimEnd());
  const at = Number(internalPosition ?? position) - 1 - before;
  // The server counts characters, and a character outside the basic plane is two units of a text here.
  return { sqlState: code, message, position: at >= 0 ? Array.from(query).slice(0, at).join("").length : undefined };
}

/** What was sent up to the end of the query. */
function upTo(question: Question, internalQuery = ""): string {
  const { rung, query } = question;
  if (rung === "generic") return scriptOf([...opening(question), generic(query)]);
  return rung === "prepared" ? scriptOf([prepare(query)]) : internalQuery.trimEnd();
}

function characters(text: string): number {
  return Array.from(text).length;
}

function unqualifiedTables(query: string): readonly string[] {
  const { tables } = analyzeSql(query, "postgresql");
  return tables.filter(({ schema }) => schema === undefined).map(({ name }) => name);
}
