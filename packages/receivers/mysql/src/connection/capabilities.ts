import { type Platform, ServerPlatform } from "@dbintel/instances";
import { type Row, Turn, text } from "@dbintel/watching";
import type { DatabaseConnection, Product } from "./connection.ts";
import { platformOf, platformVariables } from "./platforms.ts";

/** What a server is and offers; found by asking it, once for each session. */
export interface Capabilities {
  readonly product: Product;
  /** As the server prints it, for example `9.7.4-2` or `10.11.19-MariaDB-0+deb12u1`. */
  readonly version: string;
  /** What the server runs on. */
  readonly platform: Platform;
  /** Whether the server measures statements and tables at all. */
  readonly performanceSchema: boolean;
  /** What tells this server from another one that may answer under the same address. */
  readonly identity: string;
  /** How many statements the server keeps apart. */
  readonly digestsSize: bigint | undefined;
}

/** `SHOW` leaves out what a server does not know, where `@@name` fails. */
const variables = [
  ...platformVariables,
  "performance_schema",
  "performance_schema_digests_size",
  "hostname",
  "port",
  "server_id",
  "server_uuid", // MySQL
  "server_uid", // MariaDB 10.11.9 and later
];

/** The server behind a connection; what it is, is asked once for each session. One for all who use the connection. */
export class KnownServer {
  readonly connection: DatabaseConnection;
  /** For polls that share the connection: one at a time. */
  readonly turn = new Turn();
  readonly #platform: ServerPlatform;
  #known: { readonly session: number | undefined; readonly capabilities: Capabilities } | undefined;

  constructor(connection: DatabaseConnection, platform = new ServerPlatform()) {
    this.connection = connection;
    this.#platform = platform;
  }

  async capabilities(signal: AbortSignal): Promise<Capabilities> {
    const { session } = this.connection;
    if (this.#known !== undefined && session !== undefined && this.#known.session === session) {
      return this.#known.capabilities;
    }
    const capabilities = await discover(this.connection, this.#platform, signal);
    this.#known = { session: this.connection.session, capabilities };
    return capabilities;
  }
}

async function discover(
  connection: DatabaseConnection,
  platform: ServerPlatform,
  signal: AbortSignal,
): Promise<Capabilities> {
  const rows = await connection.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)", [variables], signal);
  const values = namedValues(rows);
  const digests = values.get("performance_schema_digests_size");
  return {
    product: connection.product,
    version: values.get("version") ?? "unknown",
    platform: platform.found(platformOf(values)),
    performanceSchema: values.get("performance_schema") === "ON",
    identity: ["hostname", "port", "server_id", "server_uuid", "server_uid"]
      .map((name) => values.get(name) ?? "")
      .join("/"),
    digestsSize: digests === undefined ? undefined : BigInt(digests),
  };
}

/** What `SHOW STATUS` and `SHOW VARIABLES` answer, by lower-case name. */
export function namedValues(rows: readonly Row[]): ReadonlyMap<string, string> {
  return new Map(rows.map((row) => [(text(row, "Variable_name") ?? "").toLowerCase(), text(row, "Value") ?? ""]));
}
