import { text } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";
import type { DatabaseConnection } from "../connection/connection.ts";
import { isAnswer, lackingPrivilege } from "../connection/problems.ts";
import { binaryLogsSql, replicaStatusSql } from "../replication/replica-channel.ts";
import type { MysqlCheck } from "./checks.ts";
import type { ServerFacts } from "./facts.ts";
import { privileges } from "./privileges.ts";

/** The tables of performance_schema that the parts read; those of one product only are left out on the other. */
const tables: readonly { readonly name: string; readonly only?: Capabilities["product"] }[] = [
  { name: "events_statements_summary_by_digest" },
  { name: "table_io_waits_summary_by_table" },
  { name: "table_io_waits_summary_by_index_usage" },
  { name: "events_errors_summary_global_by_error", only: "mysql" },
  { name: "replication_applier_status_by_worker", only: "mysql" },
  { name: "replication_connection_status", only: "mysql" },
  { name: "replication_group_members", only: "mysql" },
  { name: "replication_group_member_stats", only: "mysql" },
  { name: "setup_consumers" },
  { name: "setup_instruments" },
  { name: "threads" },
  { name: "events_statements_current" },
  { name: "events_statements_history" },
  { name: "events_waits_current" },
  { name: "metadata_locks" },
  { name: "user_variables_by_thread" },
  { name: "data_locks", only: "mysql" },
  { name: "data_lock_waits", only: "mysql" },
];

const setupTables = ["setup_consumers", "setup_instruments"];
/** Schemas that one line names. */
const mostNames = 10;

const denied = new Set([1044, 1142, 1143, 1227]);

/** What the user may read, table by table. */
export async function grantChecks(args: {
  readonly connection: DatabaseConnection;
  readonly capabilities: Capabilities;
  readonly facts: ServerFacts;
  readonly signal: AbortSignal;
}): Promise<readonly MysqlCheck[]> {
  const { capabilities, facts } = args;
  const lacking: string[] = [];
  for (const { name, only } of tables) {
    if (only !== undefined && only !== capabilities.product) continue;
    if (await isDenied(args, `SELECT 1 FROM performance_schema.${name} LIMIT 0`)) lacking.push(name);
  }
  const { account } = facts;
  const mayRead: MysqlCheck =
    lacking.length === 0
      ? { code: "MY-GRANT-001", status: "ok", message: "the user may read all that is read" }
      : {
          code: "MY-GRANT-001",
          status: "fail",
          message: `the user may not read ${lacking.join(", ")}`,
          repair: { sql: [`GRANT SELECT ON performance_schema.* TO ${account};`] },
        };
  const withoutProcess = await isDenied(args, "SELECT 1 FROM information_schema.INNODB_TRX LIMIT 1");
  const process: MysqlCheck = withoutProcess
    ? {
        code: "MY-GRANT-002",
        status: "warn",
        message: "the user has not PROCESS: transactions and their locks are not told",
        repair: { sql: [`GRANT PROCESS ON *.* TO ${account};`] },
      }
    : { code: "MY-GRANT-002", status: "ok", message: "the user has PROCESS" };
  return [mayRead, process, await maySeeReplication(args), await seesTables(args)];
}

/** Of a server without a binary log its files cannot be asked for, whoever asks. */
async function maySeeReplication(asked: Asked & { readonly capabilities: Capabilities }): Promise<MysqlCheck> {
  const code = "MY-GRANT-005";
  const { capabilities, facts } = asked;
  const usual = capabilities.product === "mysql" ? "REPLICATION CLIENT" : "REPLICA MONITOR";
  const denials = [await denial(asked, replicaStatusSql(capabilities)), await denial(asked, binaryLogsSql)];
  const lacking = [
    ...new Set(denials.flatMap((message) => (message === undefined ? [] : (lackingPrivilege(message) ?? usual)))),
  ];
  if (lacking.length === 0) return { code, status: "ok", message: "the user may ask for the state of replication" };
  return {
    ...{ code, status: "warn", message: `the user has not ${lacking.join(" and ")}: replication is not told` },
    repair: { sql: [`GRANT ${lacking.join(", ")} ON *.* TO ${facts.account};`] },
  };
}

async function seesTables(asked: Asked): Promise<MysqlCheck> {
  const code = "MY-GRANT-006";
  const granted = await privileges(asked.connection, asked.signal);
  if (granted.everywhere("REFERENCES") || granted.everywhere("SELECT"))
    return { code, status: "ok", message: "the user sees all tables" };
  return {
    ...{ code, status: "warn", message: "the user sees no tables, or not all: their sizes are not told" },
    repair: { sql: [`GRANT REFERENCES ON *.* TO ${asked.facts.account};`] },
  };
}

/** What the user needs only for what the configuration asks. */
export async function optionalGrantChecks(args: {
  readonly connection: DatabaseConnection;
  readonly facts: ServerFacts;
  readonly signal: AbortSignal;
  /** Whether the receiver turns consumers on. */
  readonly turnsOn: boolean;
  /** Whether it asks for plans with the user's own rights. */
  readonly explains: boolean;
}): Promise<readonly MysqlCheck[]> {
  const { facts, turnsOn, explains } = args;
  const turning: MysqlCheck = turnsOn
    ? await mayTurnOn(args)
    : { code: "MY-GRANT-003", status: "skipped", message: "consumers.enable is off" };
  const planning: MysqlCheck = explains
    ? await mayExplain(args, facts.account)
    : { code: "MY-GRANT-004", status: "skipped", message: "plans are not asked for with the user's rights" };
  return [turning, planning];
}

interface Asked {
  readonly connection: DatabaseConnection;
  readonly facts: ServerFacts;
  readonly signal: AbortSignal;
}

async function mayTurnOn(asked: Asked): Promise<MysqlCheck> {
  const code = "MY-GRANT-003";
  const granted = await privileges(asked.connection, asked.signal);
  const lacking = setupTables.filter((table) => !granted.onTable("UPDATE", "performance_schema", table));
  if (lacking.length === 0) return { code, status: "ok", message: "the user may turn on what is off" };
  const { account } = asked.facts;
  const sql = lacking.map((table) => `GRANT SELECT, UPDATE ON performance_schema.${table} TO ${account};`);
  return { code, status: "fail", message: `the user may not change ${lacking.join(" and ")}`, repair: { sql } };
}

/** The right to read rows is much for a plan, so it is said here and not in the script that repairs. */
async function mayExplain(asked: Asked, account: string): Promise<MysqlCheck> {
  const code = "MY-GRANT-004";
  const granted = await privileges(asked.connection, asked.signal);
  const used = await schemas(asked);
  const lacking = used.filter((schema) => !granted.inSchema("SELECT", schema));
  if (lacking.length === 0)
    return { code, status: "ok", message: "the user may read all schemas that statements run in" };
  const names = lacking.slice(0, mostNames).map((name) => `\`${name.replaceAll("`", "``")}\``);
  const more = lacking.length > names.length ? ` and ${lacking.length - names.length} more` : "";
  return {
    code,
    status: "skipped",
    message: `no plans of statements in ${names.join(", ")}${more}`,
    hint: `GRANT SELECT ON ${names[0]}.* TO ${account}; or a procedure: explain_mode in top_query_collection`,
  };
}

/** The schemas that statements were counted in. */
async function schemas({ connection, signal }: Asked): Promise<readonly string[]> {
  const sql = `SELECT DISTINCT SCHEMA_NAME AS name FROM performance_schema.events_statements_summary_by_digest
    WHERE SCHEMA_NAME IS NOT NULL AND SCHEMA_NAME NOT IN ('mysql', 'performance_schema', 'information_schema', 'sys')
    ORDER BY 1 LIMIT 1000`;
  try {
    return (await connection.query(sql, [], signal)).map((row) => text(row, "name") ?? "");
  } catch (error) {
    if (isAnswer(error)) return [];
    throw error;
  }
}

async function isDenied(asked: Pick<Asked, "connection" | "signal">, sql: string): Promise<boolean> {
  return (await denial(asked, sql)) !== undefined;
}

/** What the server says when the user may not ask for something. */
async function denial(
  { connection, signal }: Pick<Asked, "connection" | "signal">,
  sql: string,
): Promise<string | undefined> {
  try {
    await connection.query(sql, [], signal);
    return undefined;
  } catch (error) {
    if (!isAnswer(error)) throw error;
    const isDenial =
      error instanceof Error && "errno" in error && typeof error.errno === "number" && denied.has(error.errno);
    return isDenial ? error.message : undefined;
  }
}
