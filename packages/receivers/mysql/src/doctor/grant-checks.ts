import type { Capabilities } from "../connection/capabilities.ts";
import type { DatabaseConnection } from "../connection/connection.ts";
import { isAnswer } from "../connection/problems.ts";
import type { MysqlCheck } from "./checks.ts";
import type { ServerFacts } from "./facts.ts";

/** The tables of performance_schema that the parts read; those of one product only are left out on the other. */
const tables: readonly { readonly name: string; readonly only?: Capabilities["product"] }[] = [
  { name: "events_statements_summary_by_digest" },
  { name: "table_io_waits_summary_by_table" },
  { name: "table_io_waits_summary_by_index_usage" },
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
  return [mayRead, process];
}

async function isDenied(
  { connection, signal }: { readonly connection: DatabaseConnection; readonly signal: AbortSignal },
  sql: string,
): Promise<boolean> {
  try {
    await connection.query(sql, [], signal);
    return false;
  } catch (error) {
    if (!isAnswer(error)) throw error;
    return error instanceof Error && "errno" in error && typeof error.errno === "number" && denied.has(error.errno);
  }
}
