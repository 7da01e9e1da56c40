import type { Row, ServerGreeting, SessionDialect } from "@dbintel/watching";
import { isRefusal } from "./problems.ts";
import { type ServerAccess, Session } from "./session.ts";

/** With what limits a session is opened. */
export interface SessionLimits extends ServerAccess {
  readonly lockTimeoutMs: number;
}

/** The two servers, by their `db.system.name`. */
export type Product = "mysql" | "mariadb";

/** A session, and who answered when it was opened. */
export interface MysqlSession {
  readonly driver: Session;
  product: Product;
}

const connectTimeoutMs = 10_000;
/** What a short session is for is not worth more. */
const shortTimeoutMs = 2000;

/** Sessions of MySQL and MariaDB: read-only, and limited by the server itself. */
export function mysqlSessions(access: SessionLimits): SessionDialect<MysqlSession> {
  const limit = async ({ driver, product }: MysqlSession, limitMs: number) => {
    await driver.ask({ sql: `SET SESSION ${limitSql(product, limitMs)}`, values: [] });
  };
  /** Over a session of its own, which ends with the answer. */
  const short = async <T>(sql: string, values: readonly (readonly string[])[] = []): Promise<readonly T[]> => {
    const driver = new Session(access, { connectTimeoutMs: shortTimeoutMs });
    try {
      return await driver.ask<T>({ sql, values, timeout: shortTimeoutMs });
    } finally {
      driver.destroy();
    }
  };
  return {
    greeting: greetingAt(`${access.host}:${access.port}`),
    limit,
    prepare: (signal) => access.login.read(signal),
    renewed: async (error, signal) => isRefusal(error) && (await access.login.renew(signal)),
    create: (onLost) => ({ driver: new Session(access, { connectTimeoutMs, onLost }), product: "mysql" }),
    async begin(session, limitMs) {
      const { driver } = session;
      const [row] = await driver.ask<Row>({ sql: "SELECT VERSION() AS version", values: [] });
      const version = String(row?.version);
      session.product = version.includes("MariaDB") ? "mariadb" : "mysql";
      const settings = [
        `${readOnlyVariable(session.product, version)} = 1`,
        "time_zone = '+00:00'",
        `lock_wait_timeout = ${Math.max(1, Math.ceil(access.lockTimeoutMs / 1000))}`,
        limitSql(session.product, limitMs),
      ];
      await driver.ask({ sql: `SET SESSION ${settings.join(", ")}`, values: [] });
    },
    id: ({ driver }) => driver.threadId,
    socket: ({ driver }) => driver.socket,
    async cancel({ driver }) {
      if (driver.threadId !== undefined) await short(`KILL QUERY ${driver.threadId}`);
    },
    destroy: ({ driver }) => driver.destroy(),
    end: ({ driver }) => driver.end(),
    async remaining(left) {
      // After a restart the numbers begin anew: what runs nothing of ours is somebody else.
      const rows = await short<Row>(
        `SELECT ID AS id FROM information_schema.PROCESSLIST
          WHERE ID IN (?) AND COMMAND <> 'Sleep' AND INFO LIKE '%dbintel%'`,
        [left.map(({ id }) => String(id))],
      );
      return rows.map(({ id }) => Number(id));
    },
  };
}

/**
 * The first packet is the greeting of protocol 10, or of 9 before MySQL 3.21.20, or an error: int<3> length, int<1> number,
 * int<1> version of the protocol, or 0xff (MySQL's documentation of the protocol, "Connection Phase"). The greeting has
 * number 0; of an error nobody says which.
 */
function greetingAt(endpoint: string): ServerGreeting {
  return {
    server: "MySQL or MariaDB",
    endpoint,
    begins: ([, , , number = 0, version = 10]) =>
      version === 0xff ? number <= 1 : number === 0 && (version === 9 || version === 10),
    silenceHint:
      "PostgreSQL, HTTP and TLS wait to be spoken to, MySQL speaks first; it may take so long where it looks up the name " +
      "of the collector's host (skip_name_resolve)",
  };
}

/** MySQL counts in milliseconds, MariaDB in seconds with fractions. */
function limitSql(product: Product, limitMs: number): string {
  return product === "mysql" ? `max_execution_time = ${limitMs}` : `max_statement_time = ${limitMs / 1000}`;
}

/** MariaDB calls it so too since 11.1, and deprecates the older name. */
function readOnlyVariable(product: Product, version: string): string {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = product === "mariadb" && (major < 11 || (major === 11 && minor < 1));
  return isOld ? "tx_read_only" : "transaction_read_only";
}
