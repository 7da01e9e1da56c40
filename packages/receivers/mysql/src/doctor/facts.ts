import { text } from "@dbintel/watching";
import { namedValues } from "../connection/capabilities.ts";
import type { DatabaseConnection } from "../connection/connection.ts";
import { serverClock } from "../connection/server-clock.ts";

/** What the checks judge, as the user of the receiver sees it. */
export interface ServerFacts {
  /** The account that the session has, as it stands in a GRANT. */
  readonly account: string;
  /** TLS's version; `undefined` when the session is not encrypted. */
  readonly protocol: string | undefined;
  /** The server's clock, in microseconds since 1970. */
  readonly clockMicros: bigint;
  /** Variables of the server and of this session, and counters of the server, by lower-case name. */
  readonly values: ReadonlyMap<string, string>;
}

const globalVariables = [
  "max_digest_length",
  "performance_schema_max_digest_length",
  "performance_schema_digests_size",
  "read_only",
  "super_read_only",
  "innodb_read_only", // a reader of Aurora
];
const sessionVariables = ["transaction_read_only", "tx_read_only"];
const counters = ["Performance_schema_digest_lost", "Uptime"];

/** Whether the server takes no writes, as a replica: what is granted there is granted on its source. */
export function isReadOnly({ values }: ServerFacts): boolean {
  const variables = ["super_read_only", "innodb_read_only"];
  return (
    variables.some((variable) => values.get(variable) === "ON") ||
    /^(ON|NO_LOCK.*)$/.test(values.get("read_only") ?? "")
  );
}

/** Asks for everything that one session can tell. */
export async function serverFacts(connection: DatabaseConnection, signal: AbortSignal): Promise<ServerFacts> {
  const clockMicros = await serverClock(connection, signal);
  const shown = async (what: string, names: readonly string[]) =>
    namedValues(await connection.query(`SHOW ${what} WHERE Variable_name IN (?)`, [names], signal));
  const [user] = await connection.query("SELECT CURRENT_USER() AS account", [], signal);
  const account = text(user ?? {}, "account") ?? "";
  const session = await shown("SESSION STATUS", ["Ssl_version"]);
  const protocol = session.get("ssl_version") ?? "";
  return {
    account: quotedAccount(account),
    protocol: protocol === "" ? undefined : protocol,
    clockMicros,
    values: new Map([
      ...(await shown("GLOBAL VARIABLES", globalVariables)),
      ...(await shown("SESSION VARIABLES", sessionVariables)),
      ...(await shown("GLOBAL STATUS", counters)),
    ]),
  };
}

/** The name may have an "@", the host has none. */
function quotedAccount(account: string): string {
  const at = account.lastIndexOf("@");
  const escaped = (part: string) => part.replaceAll("\\", "\\\\").replaceAll("'", "''");
  return `'${escaped(account.slice(0, at))}'@'${escaped(account.slice(at + 1))}'`;
}
