import type { Socket } from "node:net";
import type { LoginSource } from "@dbintel/instances";
import { type LeftSession, type ServerGreeting, type SessionDialect, silence, type Value } from "@dbintel/watching";
import pg from "pg";
import { RowConnection } from "./row-connection.ts";

/** How to reach a server, and with what limits. */
export interface ServerAccess {
  /** A host name, or for a Unix socket the directory that it is in. */
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Password and encryption of each new session. */
  readonly login: LoginSource;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** Settings of the session, `name=value`, beside its limits. Default {@link usualOptions}. */
  readonly sessionOptions?: readonly string[];
}

/** In every statement of the collector, so that a DBA finds it and the collector leaves it out of its results. */
export const marker = "/* dbintel */";
export const applicationName = "dbintel";
const connectTimeoutMs = 10_000;
const keepAliveAfterMs = 30_000;
/** What a short session is for is not worth more, nor is the end of one. */
const shortTimeoutMs = 2000;

/** What suits our own queries. */
const usualOptions: readonly string[] = [
  // Before sorting and hashing spill to disk; 4 MB is the usual default.
  "work_mem=64MB",
  // Compiling one of our statements would take longer than running it.
  "jit=off",
  // An array is hashed where the plan knows it; a plan for any array would search it from its start for each row.
  "plan_cache_mode=force_custom_plan",
  // Names in our queries mean the system's objects, whatever else the role or the database puts first.
  "search_path=pg_catalog",
];

/** A session of `pg`. */
export interface PostgresSession {
  readonly client: pg.Client;
  readonly wire: RowConnection;
  /** False when its own statements stay out of pg_stat_statements. */
  tracked: boolean;
}

/** The parts of pg's client and connection that its type declarations leave out. */
interface BackendKey {
  readonly processID: number | null;
  readonly secretKey: number | null;
}
interface BareConnection {
  readonly stream: Socket;
  connect(portOrPath: number | string, host?: string): void;
  cancel(processId: number, secretKey: number): void;
}
const BareConnection = pg.Connection as unknown as new (config: pg.ConnectionConfig) => pg.Connection & BareConnection;

/** Sessions of PostgreSQL in one database: read-only, and limited by the server itself. */
export function postgresSessions(access: ServerAccess, database: string): SessionDialect<PostgresSession> {
  const create = (onLost: () => void, timeoutMs: number): PostgresSession => {
    const { host, port, username, login } = access;
    const { password, tls } = login.current;
    const transport = { ssl: tls, keepAlive: true, keepAliveInitialDelayMillis: keepAliveAfterMs };
    const wire = new RowConnection(transport);
    const client = new pg.Client({
      ...transport,
      connection: wire,
      host,
      port,
      user: username,
      // As a function it is all there is: `pg` would take an empty one from PGPASSWORD or ~/.pgpass.
      password: () => password.reveal(),
      database,
      application_name: applicationName,
      connectionTimeoutMillis: timeoutMs,
      options: options(access),
      types: { getTypeParser },
    } as pg.ClientConfig);
    client.on("error", onLost);
    client.on("end", onLost);
    return { client, wire, tracked: true };
  };
  const begin = async (session: PostgresSession) => {
    await session.client.connect();
    session.tracked = !(await stopTracking(session.client));
  };
  const limit = async ({ client }: PostgresSession, limitMs: number) => {
    await client.query(marked("SELECT pg_catalog.set_config('statement_timeout', $1, false)"), [String(limitMs)]);
  };
  const socket = ({ wire }: PostgresSession) => wire.stream as Socket;
  return {
    greeting: greetingAt(`${access.host}:${access.port}`),
    socket,
    limit,
    prepare: (signal) => access.login.read(signal),
    renewed: async (error, signal) => isRefusal(error) && (await access.login.renew(signal)),
    create: (onLost) => create(onLost, connectTimeoutMs),
    async begin(session, limitMs) {
      await begin(session);
      if (limitMs !== access.statementTimeoutMs) await limit(session, limitMs);
    },
    id: ({ client }) => (client as unknown as BackendKey).processID ?? undefined,
    cancel: ({ client }) => cancel(access, client as unknown as BackendKey),
    destroy: ({ wire }) => wire.stream.destroy(),
    end: ({ client, wire }) => end(client, wire.stream as Socket),
    async remaining(left) {
      const session = create(() => {}, shortTimeoutMs);
      try {
        const asked = begin(session).then(() => remaining(session.client, left));
        asked.catch(() => {});
        const late = silence(socket(session), shortTimeoutMs).then(() => {
          throw new Error("timeout expired");
        });
        const there = await Promise.race([asked, late]);
        await end(session.client, socket(session));
        return there;
      } finally {
        session.wire.stream.destroy();
      }
    },
  };
}

const letter = (text: string) => text.charCodeAt(0);
/** What a server may send first: authentication, an error, a notice, another version of the protocol. */
const firstMessages = new Set(Array.from("RENv", letter));
const encryptionAnswers = new Set(Array.from("SN", letter));
const shortestFirstBytes = 8;
/** What precedes authentication is short; the greeting of MySQL would be a message of ten bytes. */
const longestFirstBytes = 65_536;
const shortestNoticeBytes = 16;

/**
 * A letter and an int32 length that counts itself; before that one letter alone, which answers whether the connection may
 * be encrypted (PostgreSQL's manual, "Message Formats").
 */
function greetingAt(endpoint: string): ServerGreeting {
  return {
    server: "PostgreSQL",
    endpoint,
    begins(bytes) {
      const [type = 0] = bytes;
      if (bytes.length === 1 && encryptionAnswers.has(type)) return true;
      if (bytes.length < 5) return firstMessages.has(type);
      const length = Buffer.from(bytes.buffer, bytes.byteOffset, 5).readUInt32BE(1);
      const shortest = type === letter("E") || type === letter("N") ? shortestNoticeBytes : shortestFirstBytes;
      return firstMessages.has(type) && length >= shortest && length <= longestFirstBytes;
    },
    silenceHint:
      "another program may listen there, and a server that hangs or a proxy without one behind it is as silent",
  };
}

/** The settings of a session, as the parameter `options` of its start. */
function options({ statementTimeoutMs, lockTimeoutMs, sessionOptions = usualOptions }: ServerAccess): string {
  return [
    "default_transaction_read_only=on",
    `statement_timeout=${statementTimeoutMs}`,
    `lock_timeout=${lockTimeoutMs}`,
    `idle_in_transaction_session_timeout=${statementTimeoutMs}`,
    ...sessionOptions,
    "datestyle=ISO",
    "timezone=UTC",
  ]
    .map((option) => `-c ${option}`)
    .join(" ");
}

/** The server does not take this user with this password or certificate. */
function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === "28P01" || error.code === "28000");
}

/** Superusers may; others need GRANT SET ON PARAMETER pg_stat_statements.track (PostgreSQL 15 and later). */
async function stopTracking(client: pg.Client): Promise<boolean> {
  try {
    // Unlike a SET, which is recorded itself, this has taken effect when the statement would be recorded.
    await client.query(marked("SELECT pg_catalog.set_config('pg_stat_statements.track', 'none', false)"));
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return false;
    throw error;
  }
}

/**
 * Sends a CancelRequest, which needs no session: the server ends the connection when it has passed it on (PostgreSQL's
 * manual, "Canceling Requests in Progress").
 */
async function cancel({ host, port, login }: ServerAccess, { processID, secretKey }: BackendKey): Promise<void> {
  if (processID === null || secretKey === null) return;
  const { tls } = login.current;
  const connection = new BareConnection({ ssl: tls });
  connection.on("error", () => {
    // Whether the statement has ended shows in its own session.
  });
  connection.once(tls === false ? "connect" : "sslconnect", () => connection.cancel(processID, secretKey));
  if (host.startsWith("/")) connection.connect(`${host}/.s.PGSQL.${port}`);
  else connection.connect(port, host);
  await silence(connection.stream, shortTimeoutMs);
  connection.stream.destroy();
}

/**
 * Says goodbye, and waits until the server has ended the session: whoever opens another in its place has no more than
 * before. That takes a moment, or there is nobody left who does it.
 */
async function end(client: pg.Client, stream: Socket): Promise<void> {
  stream.once("finish", () => void silence(stream, shortTimeoutMs).then(() => stream.destroy()));
  await client.end().catch(() => {});
}

/** Numbers of processes are given out again: one that began after ours was left is another. */
async function remaining(client: pg.Client, left: readonly LeftSession[]): Promise<readonly number[]> {
  const { rows } = await client.query<{ pid: number }>(
    marked(
      `SELECT s.pid FROM unnest($1::int4[], $2::float8[]) l(pid, ago_ms) JOIN pg_stat_activity s ON s.pid = l.pid
        WHERE s.backend_start <= clock_timestamp() - l.ago_ms * interval '1 millisecond'`,
    ),
    [left.map(({ id }) => id), left.map(({ agoMs }) => agoMs)],
  );
  return rows.map(({ pid }) => pid);
}

/** The marker goes behind the first word: PostgreSQL 18 cuts off what stands before it. */
export function marked(text: string): string {
  return text.trim().replace(/^\w+/, (verb) => `${verb} ${marker}`);
}

/** Parsers for the text format by type oid; what is not named stays a string. */
function getTypeParser(oid: number): (text: string) => Value {
  switch (oid) {
    case 16: // bool
      return (text) => text === "t";
    case 20: // int8
      return BigInt;
    case 21: // int2
    case 23: // int4
    case 26: // oid
    case 700: // float4
    case 701: // float8
      return Number;
    default:
      return (text) => text;
  }
}
