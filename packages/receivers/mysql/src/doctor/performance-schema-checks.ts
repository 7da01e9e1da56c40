import { type Row, text } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";
import type { DatabaseConnection } from "../connection/connection.ts";
import { isAnswer } from "../connection/problems.ts";
import { type Wanted, wantedConsumers, wantedInstruments } from "../consumers/wanted.ts";
import type { MysqlCheck } from "./checks.ts";
import type { ServerFacts } from "./facts.ts";

const shortestDigest = 4096;
/** Names that one line tells; the statement that turns them on says all by a pattern. */
const mostNames = 3;

interface Asked {
  readonly connection: DatabaseConnection;
  readonly capabilities: Capabilities;
  readonly signal: AbortSignal;
}

/** Where the variables of the server are set that hold from its start on: a managed server has no file of its own. */
function configurationOf({ platform }: Capabilities): string {
  return platform === "self_managed"
    ? "the section [mysqld] of the server's configuration"
    : "the parameters of the managed server";
}

export function performanceSchemaCheck(capabilities: Capabilities): MysqlCheck {
  const code = "MY-PS-001";
  if (capabilities.performanceSchema) return { code, status: "ok", message: "performance_schema is on" };
  const place = configurationOf(capabilities);
  const hint = `write performance_schema = ON into ${place} and restart the server; no SQL can do it`;
  return { code, status: "fail", message: "performance_schema is off", hint };
}

/** Consumers that are off, each with the statement that turns it on. */
export async function consumerChecks(asked: Asked): Promise<readonly MysqlCheck[]> {
  const code = "MY-PS-002";
  const sql = "SELECT NAME AS name, ENABLED AS enabled FROM performance_schema.setup_consumers";
  const rows = await readable(asked, sql);
  if (rows === undefined) return [hidden(code, "setup_consumers", wantedConsumers)];
  const off = new Set(rows.filter(({ enabled }) => enabled === "NO").map((row) => text(row, "name")));
  const lacking = wantedConsumers.filter(({ name }) => off.has(name));
  if (lacking.length === 0) return [{ code, status: "ok", message: "all that are read are on" }];
  return lacking.map((wanted) => ({ code, ...offFinding(wanted, `${wanted.name} is off`, asked) }));
}

/** Groups of instruments of which some are off. */
export async function instrumentChecks(asked: Asked): Promise<readonly MysqlCheck[]> {
  const code = "MY-PS-003";
  const found: MysqlCheck[] = [];
  for (const wanted of wantedInstruments) {
    const rows = await readable(
      asked,
      `SELECT NAME AS name FROM performance_schema.setup_instruments
        WHERE NAME LIKE '${wanted.name}' AND (ENABLED = 'NO' OR TIMED = 'NO') LIMIT 1000`,
    );
    if (rows === undefined) return [hidden(code, "setup_instruments", wantedInstruments)];
    if (rows.length === 0) continue;
    const names = rows.slice(0, mostNames).map((row) => text(row, "name"));
    const more = rows.length > names.length ? ` and ${rows.length - names.length} more` : "";
    found.push({ code, ...offFinding(wanted, `${names.join(", ")}${more} off, or not timed`, asked) });
  }
  return found.length > 0 ? found : [{ code, status: "ok", message: "all that are needed are on and timed" }];
}

/** Of what cannot be seen everything is turned on: what is on already stays so. */
function hidden(code: MysqlCheck["code"], table: string, all: readonly Wanted[]): MysqlCheck {
  const repair = { sql: all.map(({ turnOn }) => turnOn) };
  return { code, status: "skipped", message: `${table} cannot be read`, repair };
}

/** Not all managed servers have a parameter for it: there the receiver keeps it on. */
function offFinding(
  { purpose, essential, turnOn, lasting }: Wanted,
  told: string,
  { capabilities }: Asked,
): Omit<MysqlCheck, "code"> {
  const own = capabilities.platform === "self_managed" ? "" : ", or set consumers.enable";
  return {
    status: essential ? "fail" : "warn",
    message: `${told}: ${purpose}`,
    hint: `a restart of the server turns it off again; to keep it on write into ${configurationOf(capabilities)}${own}: ${lasting}`,
    repair: { sql: [turnOn] },
  };
}

/** Whether statements are told apart: by their number and by their length. */
export function digestChecks({ values }: ServerFacts, capabilities: Capabilities): readonly MysqlCheck[] {
  const place = configurationOf(capabilities);
  return [room(values, place), length(values, place)];
}

function room(values: ReadonlyMap<string, string>, place: string): MysqlCheck {
  const code = "MY-PS-004";
  const size = values.get("performance_schema_digests_size") ?? "unknown";
  const lost = BigInt(values.get("performance_schema_digest_lost") ?? 0);
  if (lost === 0n) return { code, status: "ok", message: `room for ${size} statements, none was lost` };
  const hint =
    `set performance_schema_digests_size above ${size} in ${place} and restart it; ` +
    "or empty the summary: TRUNCATE performance_schema.events_statements_summary_by_digest";
  return { code, status: "warn", message: `room for ${size} statements; ${lost} found none`, hint };
}

function length(values: ReadonlyMap<string, string>, place: string): MysqlCheck {
  const code = "MY-PS-005";
  const names = ["max_digest_length", "performance_schema_max_digest_length"];
  const short = names.filter((name) => Number(values.get(name) ?? shortestDigest) < shortestDigest);
  const told = names.map((name) => `${name} is ${values.get(name) ?? "unknown"}`).join(", ");
  if (short.length === 0) return { code, status: "ok", message: told };
  const lines = short.map((name) => `${name} = ${shortestDigest}`).join(", ");
  return {
    code,
    status: "warn",
    message: told,
    hint: `write into ${place}, and restart it: ${lines}`,
  };
}

/** `undefined` where the user may not read it, which another check tells. */
async function readable({ connection, signal }: Asked, sql: string): Promise<readonly Row[] | undefined> {
  try {
    return await connection.query(sql, [], signal);
  } catch (error) {
    if (isAnswer(error)) return undefined;
    throw error;
  }
}
