import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFile, chmod, chown, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ClientConfig, QueryResultRow } from "pg";
import pg from "pg";
import { eventually } from "../harness/condition.ts";
import { freePort } from "../harness/free-port.ts";
import { availablePostgresVersions, findPostgres, usableBinaries } from "./postgres-binaries.ts";
import type { UserIds } from "./unprivileged.ts";
import { unprivilegedUser } from "./unprivileged.ts";
import type { Release } from "./watchdog.ts";
import { stopWithParent } from "./watchdog.ts";

const host = "127.0.0.1";
const superuser = "postgres";

/** Values of `postgresql.conf` by name. */
type Settings = Readonly<Record<string, string | number | boolean>>;

/** `fast` closes all sessions and writes a checkpoint; `immediate` leaves crash recovery to the next start. */
export type ShutdownMode = "fast" | "immediate";

export interface PostgresOptions {
  /** The major version. Default 18. */
  readonly major?: number;
  /** Libraries to preload. Default `pg_stat_statements` and `auto_explain`. */
  readonly preload?: readonly string[];
  /** Extensions to create in the database `postgres`. Default: those preloaded that are extensions. */
  readonly extensions?: readonly string[];
  /** Lines of `postgresql.conf`; they win over the defaults. */
  readonly settings?: Settings;
  /** Whether a commit waits for the disk. Default `false`: only a crash of the machine loses data then. */
  readonly durable?: boolean;
}

interface RestartOptions {
  readonly mode?: ShutdownMode;
  readonly settings?: Settings;
  /** Added to the environment that its process has until it is started anew. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A real PostgreSQL server in a temporary folder, on a free port of the loopback interface. */
export interface PostgresServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly superuser: string;
  readonly password: string;
  /** `postgresql://…` of the superuser on the database `postgres`. */
  readonly url: string;
  /** `server_version`, for example "18.4". */
  readonly version: string;
  readonly major: number;
  /** Runs one statement on a connection of its own: the superuser's on `postgres` unless told otherwise. */
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[], as?: ClientConfig): Promise<Row[]>;
  /** Opens a session; the caller ends it. Losing it with the server is no uncaught error. */
  connect(as?: ClientConfig): Promise<pg.Client>;
  /** Stops and starts on the same port and data; `settings` are added to `postgresql.conf` in between. */
  restart(options?: RestartOptions): Promise<void>;
  /** Stops, keeping the data for `start`. Idempotent. */
  shutdown(mode?: ShutdownMode): Promise<void>;
  /** Starts after `shutdown`. Idempotent. */
  start(): Promise<void>;
  /** What the server has logged. */
  log(): Promise<string>;
  /** Stops and removes everything. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a server and resolves when it answers queries. It never runs as root, and it ends with this process
 * whatever ends it. Rejects with the server's log when it does not come up.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const major = options.major ?? 18;
  const installation = findPostgres(major);
  if (installation === undefined) {
    const there = availablePostgresVersions().join(", ") || "none";
    throw new Error(`PostgreSQL ${major} is not on this machine (found: ${there}); see DBINTEL_TEST_POSTGRES_${major}`);
  }
  const user = unprivilegedUser();
  const folder = await mkdtemp(join(tmpdir(), `dbintel-postgres-${major}-`));
  try {
    await chmod(folder, 0o700);
    if (user !== undefined) await chown(folder, user.uid, user.gid);
    const bin = await usableBinaries(installation, { folder, user });
    const password = randomBytes(18).toString("base64url");
    await initialise({ bin, folder, user, password });
    const server = new Server({ bin, folder, user, password, major });
    await server.configure(defaultSettings(options));
    await server.configure(options.settings ?? {});
    await server.start();
    const preloaded = options.preload ?? defaultPreload;
    for (const extension of options.extensions ?? preloaded.filter((name) => name !== "auto_explain")) {
      await server.query(`CREATE EXTENSION IF NOT EXISTS ${pg.escapeIdentifier(extension)}`);
    }
    return server;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

const defaultPreload: readonly string[] = ["pg_stat_statements", "auto_explain"];

function defaultSettings({ preload = defaultPreload, durable = false }: PostgresOptions): Settings {
  return {
    listen_addresses: host,
    unix_socket_directories: "",
    shared_preload_libraries: preload.join(","),
    max_connections: 50,
    shared_buffers: "32MB",
    timezone: "UTC",
    ...(durable ? {} : { fsync: false, full_page_writes: false }),
  };
}

interface Instance {
  readonly bin: string;
  readonly folder: string;
  readonly user: UserIds | undefined;
  readonly password: string;
}

async function initialise({ bin, folder, user, password }: Instance): Promise<void> {
  const passwordFile = join(folder, "password");
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
  const args = ["-D", join(folder, "data"), "-U", superuser, "-A", "scram-sha-256", "--pwfile", passwordFile];
  await promisify(execFile)(join(bin, "initdb"), [...args, "-E", "UTF8", "--locale=C", "--no-sync"], {
    cwd: folder,
    ...user,
  });
  await rm(passwordFile);
}

class Server implements PostgresServer {
  readonly host = host;
  readonly superuser = superuser;
  readonly password: string;
  readonly major: number;
  readonly #instance: Instance;
  #port = 0;
  #version = "";
  #running: { readonly child: ChildProcess; readonly exited: Promise<unknown>; readonly release: Release } | undefined;

  constructor(instance: Instance & { readonly major: number }) {
    this.#instance = instance;
    this.password = instance.password;
    this.major = instance.major;
  }

  get port(): number {
    return this.#port;
  }

  get version(): string {
    return this.#version;
  }

  get url(): string {
    return `postgresql://${superuser}:${this.password}@${host}:${this.#port}/postgres`;
  }

  async configure(settings: Settings): Promise<void> {
    const lines = Object.entries(settings).map(
      ([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'\n`,
    );
    await appendFile(join(this.#instance.folder, "data/postgresql.conf"), lines.join(""));
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    // The port was free when probed; another process may have taken it since, but hardly three times.
    for (let attempt = 1; this.#running === undefined; attempt++) {
      if (this.#version === "") this.#port = await freePort();
      try {
        await this.#launch(env);
      } catch (error) {
        const log = await this.log();
        await this.shutdown("immediate");
        if (attempt < 3 && this.#version === "" && log.includes("could not bind")) continue;
        throw new Error(`PostgreSQL ${this.major} did not start:\n${tail(log)}`, { cause: error });
      }
    }
  }

  async #launch(env: Readonly<Record<string, string>>): Promise<void> {
    const { bin, folder, user } = this.#instance;
    const logFile = await open(join(folder, "server.log"), "a", 0o600);
    const child = spawn(join(bin, "postgres"), ["-D", join(folder, "data"), "-p", String(this.#port)], {
      cwd: folder,
      stdio: ["ignore", logFile.fd, logFile.fd],
      env: { ...process.env, ...env },
      // A group of its own: Ctrl-C in the terminal reaches the parent, which stops the server in its order.
      detached: true,
      ...user,
    });
    const exited = once(child, "exit");
    await logFile.close();
    if (child.pid === undefined) throw new Error("the server process could not be made", { cause: await exited });
    child.unref();
    this.#running = { child, exited, release: stopWithParent({ pid: child.pid, signal: "QUIT", folder }) };
    this.#version = await eventually("PostgreSQL answers", async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error("the server process ended");
      const rows = await this.query<{ version: string }>("SELECT current_setting('server_version') AS version").catch(
        () => [],
      );
      return rows[0]?.version;
    });
  }

  async shutdown(mode: ShutdownMode = "fast"): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    // SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
    running.child.kill(mode === "fast" ? "SIGINT" : "SIGQUIT");
    // A machine with much else to do writes the last checkpoint slowly.
    const timer = setTimeout(() => running.child.kill("SIGKILL"), 60_000);
    if (running.child.exitCode === null && running.child.signalCode === null) await running.exited;
    clearTimeout(timer);
    running.release();
  }

  async restart(options: RestartOptions = {}): Promise<void> {
    await this.shutdown(options.mode);
    await this.configure(options.settings ?? {});
    await this.start(options.env);
  }

  async connect(as: ClientConfig = {}): Promise<pg.Client> {
    const client = new pg.Client({
      host,
      port: this.#port,
      user: superuser,
      password: this.password,
      database: "postgres",
      ...as,
    });
    // A session lost while idle emits "error"; whoever uses it next is told by its query.
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  async query<Row extends QueryResultRow>(
    sql: string,
    values: readonly unknown[] = [],
    as?: ClientConfig,
  ): Promise<Row[]> {
    const client = await this.connect(as);
    try {
      return (await client.query<Row>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  log(): Promise<string> {
    return readFile(join(this.#instance.folder, "server.log"), "utf8");
  }

  async stop(): Promise<void> {
    await this.shutdown("fast");
    await rm(this.#instance.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function tail(log: string): string {
  return log.trimEnd().split("\n").slice(-20).join("\n");
}
