import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, isIP } from "node:net";
import type { LoginSource } from "@dbintel/instances";
import type { Connection, ConnectionOptions, QueryOptions, TypeCast } from "mysql2";
import { createConnection } from "mysql2";

/** A parameter of a statement, put into its text by the driver; an array becomes a list. */
export type Parameter = string | number | readonly string[];

/** How to reach a server. */
export interface ServerAccess {
  /** A name or an address, or the path of the Unix socket. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  readonly username: string;
  /** Password and encryption of each new session. */
  readonly login: LoginSource;
}

interface Statement extends Omit<QueryOptions, "values"> {
  readonly values: readonly Parameter[];
}

/** In every statement of the collector, so that a DBA finds it in the process list and in logs. */
const marker = "/* dbintel */";
/** In the digest text of every statement of the collector that asks or sets something. */
export const ownName = "dbintel_own";
const keepAliveAfterMs = 30_000;

/** A connection of `mysql2`, opened as it is made; its failure is the answer to the first question. */
export class Session {
  readonly #driver: Connection;
  readonly #socket: Socket;

  /** `onLost` is called when the session has ended, whoever ended it. */
  constructor(access: ServerAccess, options: { readonly connectTimeoutMs: number; readonly onLost?: () => void }) {
    const { host, port } = access;
    const kept = { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveAfterMs };
    this.#socket = port === 0 ? connect({ path: host }) : connect({ host, port, ...kept });
    this.#driver = createConnection({
      ...driverOptions(access),
      connectTimeout: options.connectTimeoutMs,
      stream: () => this.#socket,
    });
    const onLost = options.onLost ?? (() => {});
    this.#driver.on("error", onLost);
    this.#driver.on("end", onLost);
  }

  get socket(): Socket {
    return this.#socket;
  }

  /** The server's number of this session; `undefined` before it has answered. */
  get threadId(): number | undefined {
    return this.#driver.threadId ?? undefined;
  }

  ask<T>({ sql, values, ...options }: Statement): Promise<readonly T[]> {
    return new Promise((resolve, reject) => {
      this.#driver.query(
        { typeCast: exactValue, ...options, sql: marked(sql), values: [...values] },
        (error, answer) => {
          if (error) reject(error);
          else resolve(answer as unknown as readonly T[]);
        },
      );
    });
  }

  /** Hands over each row of columns that are text, as an array, as it comes; the driver keeps none of them. */
  async each(sql: string, take: (row: readonly (string | null)[]) => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Who gives no callback is told the loss of the session with the connection alone.
    this.#driver.once("error", reject);
    this.#driver
      .query({ sql: marked(sql), rowsAsArray: true })
      .on("result", (row) => {
        try {
          take(row as unknown as readonly (string | null)[]);
        } catch (error) {
          // The driver would let it end the process.
          reject(error);
        }
      })
      .on("error", reject)
      .on("end", resolve);
    try {
      await promise;
    } finally {
      this.#driver.off("error", reject);
    }
  }

  /** The names of the columns of an answer. */
  columns(sql: string): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      this.#driver.query(marked(sql), (error, _rows, fields) => {
        if (error) reject(error);
        else resolve(fields.map(({ name }) => name));
      });
    });
  }

  /** Says goodbye and waits for no answer: there may be nobody left to give one. Resolves when the socket is closed. */
  async end(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, "close");
    this.#driver.end();
    this.#socket.end(() => this.destroy());
    await closed;
  }

  /** Leaves at once; what was asked is never answered. */
  destroy(): void {
    this.#driver.destroy();
    // The driver only stops to send, and would wait for the server to do the same.
    this.#socket.destroy();
  }
}

function driverOptions({ host, port, username, login }: ServerAccess): ConnectionOptions {
  const { password, tls } = login.current;
  // Without `verifyIdentity` the driver accepts the certificate of any other server.
  const ssl = tls === false ? {} : { ssl: { ...tls, verifyIdentity: tls.rejectUnauthorized !== false } };
  return {
    // The driver uses it to verify the certificate only.
    host: verifiedName(tls === false ? undefined : tls.servername, host),
    port,
    // The driver connects over the stream that it is given; this tells it that passwords are safe on it.
    ...(port === 0 ? { socketPath: host } : {}),
    user: username,
    password: password.reveal(),
    // Tokens of a cloud's identity service, and passwords that PAM or LDAP checks, are sent as they are: to nobody but the
    // server that is known to be the one.
    enableCleartextPlugin: port === 0 || (tls !== false && tls.rejectUnauthorized !== false),
    // A server must not be able to ask for files of the collector.
    flags: ["-LOCAL_FILES"],
    connectAttributes: { program_name: "dbintel" },
    // It is asked to prepare nothing, and would make room for 16,000 statements in each session.
    maxPreparedStatements: 1,
    ...(ssl as Pick<ConnectionOptions, "ssl">),
  };
}

/**
 * The name that the server's certificate must have. For an address the driver would look for "localhost" in it; with a
 * dot at its end it takes the address for a name, and Node takes the dot off again before it compares.
 */
function verifiedName(override: string | undefined, host: string): string {
  const name = override ?? host;
  return isIP(name) === 0 ? name : `${name}.`;
}

/** What SHOW takes no condition for. */
const unconditional = /^(?:ENGINE |REPLICA STATUS|SLAVE STATUS|ALL SLAVES STATUS|BINARY LOGS|GRANTS$)/;

/**
 * The comment is for people. It goes behind the first word: some servers and proxies cut off what stands before it.
 * The server's summary of statements keeps no comments, so a name that does nothing says there whose they are.
 * It keeps no names of variables either.
 */
function marked(sql: string): string {
  const [, verb = "", rest = ""] = /^(\w+)\s+(.*)$/s.exec(sql.trim()) ?? [];
  switch (verb) {
    case "SELECT":
      return `SELECT ${marker} NULL AS ${ownName}, ${rest}`;
    case "SHOW":
      if (unconditional.test(rest)) return `SHOW ${marker} ${rest}`;
      return `SHOW ${marker} ${rest} OR (SELECT FALSE AS ${ownName})`;
    case "SET":
      return `SET ${marker} ${rest}, SESSION sql_mode = (SELECT '' AS ${ownName})`;
    default:
      return `${verb} ${marker} ${rest}`;
  }
}

/** Picoseconds pass 2^53 within hours: a 64-bit integer stays one. What is no number stays a string. */
const exactValue: TypeCast = (field) => {
  const text = field.string("utf8");
  if (text === null) return null;
  switch (field.type) {
    case "LONGLONG":
      return BigInt(text);
    case "TINY":
    case "SHORT":
    case "INT24":
    case "LONG":
    case "FLOAT":
    case "DOUBLE":
      return Number(text);
    default:
      return text;
  }
};
