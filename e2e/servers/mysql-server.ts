import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, chown, cp, mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection, ConnectionOptions, RowDataPacket } from "mysql2/promise";
import { createConnection } from "mysql2/promise";
import { eventually } from "../harness/condition.ts";
import { freePort } from "../harness/free-port.ts";
import type { ProgramStart } from "./library-folder.ts";
import type { UserIds } from "./unprivileged.ts";
import { unprivilegedUser } from "./unprivileged.ts";
import type { Release } from "./watchdog.ts";
import { stopWithParent } from "./watchdog.ts";

/** System variables by the names of the command line, for example `performance-schema`. */
export type MysqlSettings = Readonly<Record<string, string | number | boolean>>;

/** A real MySQL or MariaDB server. */
export interface MysqlServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly superuser: string;
  readonly password: string;
  /** `version()`, for example "9.7.4-2" or "10.11.19-MariaDB". */
  readonly version: string;
  /** Opens a session, the superuser's unless told otherwise; the caller ends it. */
  connect(as?: ConnectionOptions): Promise<Connection>;
  /** Runs one statement in a session of its own. */
  query<Row extends RowDataPacket>(sql: string, values?: readonly unknown[], as?: ConnectionOptions): Promise<Row[]>;
  /**
   * Stops and starts on the same port and data; `settings` win over those it was started with, and `env` is added to the
   * environment that its process has until it is started anew.
   */
  restart(settings?: MysqlSettings, env?: Readonly<Record<string, string>>): Promise<void>;
  /** Stops and removes everything. Idempotent. */
  stop(): Promise<void>;
}

/** What tells one of the two servers from the other. */
export interface MysqlProduct {
  readonly name: string;
  /** The command of the installation whose `sbin`, `lib` and `share` lie below `root`. */
  command(root: string): ProgramStart;
  readonly settings: MysqlSettings;
  /** Makes the system tables in an empty data folder, and `root@localhost` with this password. */
  initialise(args: {
    readonly root: string;
    readonly folder: string;
    readonly password: string;
    readonly run: (args: readonly string[], input?: string) => Promise<void>;
  }): Promise<void>;
}

const host = "127.0.0.1";
export const superuser = "root";

/**
 * Starts a server in a temporary folder, on a free port of the loopback interface, and resolves when it answers
 * queries. It never runs as root, and it ends with this process whatever ends it. Rejects with the server's log when
 * it does not come up.
 */
export async function startServer(
  product: MysqlProduct,
  installation: string,
  settings: MysqlSettings,
): Promise<MysqlServer> {
  const user = unprivilegedUser();
  const folder = await mkdtemp(join(tmpdir(), `dbintel-${product.name.toLowerCase()}-`));
  try {
    await chmod(folder, 0o755);
    const data = join(folder, "data");
    await mkdir(data, { mode: 0o700 });
    if (user !== undefined) await Promise.all([folder, data].map((path) => chown(path, user.uid, user.gid)));
    const root = await usableRoot(product, installation, { folder, user });
    const password = randomBytes(18).toString("base64url");
    const server = new Server({ product, root, folder, user, password, settings });
    await server.initialise();
    await server.start();
    return server;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The installation, or a copy of it in `folder` where `user` may not enter the checkout. */
async function usableRoot(
  product: MysqlProduct,
  root: string,
  { folder, user }: { readonly folder: string; readonly user: UserIds | undefined },
): Promise<string> {
  const runs = (at: string) => {
    const { program, args, env } = product.command(at);
    return (
      spawnSync(program, [...args, "--version"], { cwd: "/", env: { ...process.env, ...env }, ...user }).status === 0
    );
  };
  if (runs(root)) return root;
  const copy = join(folder, "usr");
  await cp(root, copy, { recursive: true, verbatimSymlinks: true });
  if (!runs(copy)) throw new Error(`${product.name} in ${root} does not run on this machine`);
  return copy;
}

/** What `server` tells of its version. */
export async function versionOf(server: Pick<MysqlServer, "query">): Promise<string> {
  const [row] = await server.query<RowDataPacket & { version: string }>("SELECT version() AS version");
  return row?.version ?? "";
}

/** Runs one statement in a session of its own. Afterwards its socket is closed, for tests that count handles. */
export async function queryOnce<Row extends RowDataPacket>(
  { host, port, ...options }: ConnectionOptions,
  sql: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const socket = connect({ host: host ?? "localhost", port: port ?? 3306 });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  try {
    const connection = await connectTo({ ...options, stream: () => socket });
    const [rows] = await connection.query<Row[]>(sql, [...values]);
    connection.destroy();
    return rows;
  } finally {
    socket.destroy();
    await closed;
  }
}

/** A session whose loss while it is idle is no uncaught error: whoever uses it next is told by its query. */
export async function connectTo(options: ConnectionOptions): Promise<Connection> {
  const connection = await createConnection(options);
  connection.on("error", () => {});
  return connection;
}

interface Instance {
  readonly product: MysqlProduct;
  readonly root: string;
  readonly folder: string;
  readonly user: UserIds | undefined;
  readonly password: string;
  readonly settings: MysqlSettings;
}

class Server implements MysqlServer {
  readonly host = host;
  readonly superuser = superuser;
  readonly password: string;
  readonly #instance: Instance;
  #settings: MysqlSettings;
  #port = 0;
  #version = "";
  #running: { readonly child: ChildProcess; readonly exited: Promise<unknown>; readonly release: Release } | undefined;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.#settings = instance.settings;
    this.password = instance.password;
  }

  get port(): number {
    return this.#port;
  }

  get version(): string {
    return this.#version;
  }

  async initialise(): Promise<void> {
    const { product, root, folder, password } = this.#instance;
    await product.initialise({
      root,
      folder,
      password,
      run: async (args, input) => {
        const child = await this.#spawn(args, product.settings);
        child.stdin?.end(input ?? "");
        const [code] = await once(child, "exit");
        if (code !== 0) throw await this.#failure(`it ended with ${code}`);
      },
    });
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    // The port was free when probed; another process may have taken it since, but hardly three times.
    for (let attempt = 1; this.#running === undefined; attempt++) {
      if (this.#version === "") this.#port = await freePort();
      try {
        await this.#launch(env);
      } catch (error) {
        const failure = await this.#failure(error);
        await this.#shutdown();
        if (attempt < 3 && this.#version === "" && /bind on tcp\/ip port/i.test(failure.message)) continue;
        throw failure;
      }
    }
  }

  async #launch(env: Readonly<Record<string, string>>): Promise<void> {
    const { product, folder } = this.#instance;
    const network = [`--bind-address=${host}`, `--port=${this.#port}`];
    const files = [`--socket=${join(folder, "data/socket")}`, `--pid-file=${join(folder, "data/pid")}`];
    const child = await this.#spawn([...network, ...files], { ...product.settings, ...this.#settings }, env);
    const exited = once(child, "exit");
    if (child.pid === undefined) throw new Error("the server process could not be made", { cause: await exited });
    child.unref();
    this.#running = { child, exited, release: stopWithParent({ pid: child.pid, signal: "TERM", folder }) };
    this.#version = await eventually(
      `${product.name} answers`,
      () => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error("the server process ended");
        return versionOf(this).catch(() => undefined);
      },
      { deadlineMs: 60_000 },
    );
  }

  async #spawn(
    args: readonly string[],
    settings: MysqlSettings,
    more: Readonly<Record<string, string>> = {},
  ): Promise<ChildProcess> {
    const { product, root, folder, user } = this.#instance;
    const { program, args: leading, env } = product.command(root);
    const logFile = await open(join(folder, "server.log"), "a", 0o600);
    const options = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const child = spawn(
      program,
      [...leading, `--datadir=${join(folder, "data")}`, `--tmpdir=${folder}`, ...args, ...options],
      {
        cwd: folder,
        stdio: ["pipe", logFile.fd, logFile.fd],
        env: { ...process.env, ...env, ...more },
        // A group of its own: Ctrl-C in the terminal reaches the parent, which stops the server in its order.
        detached: true,
        ...user,
      },
    );
    child.stdin?.on("error", () => {}); // told by the exit code
    await logFile.close();
    return child;
  }

  async #failure(cause: unknown): Promise<Error> {
    const log = await readFile(join(this.#instance.folder, "server.log"), "utf8");
    const lines = log.trimEnd().split("\n");
    // Some servers say a lot more about how they leave.
    const tail = [...lines.slice(0, -20).filter((line) => line.includes("[ERROR]")), ...lines.slice(-20)].join("\n");
    return new Error(`${this.#instance.product.name} did not start:\n${tail}`, { cause });
  }

  #session(as: ConnectionOptions): ConnectionOptions {
    return { host, port: this.#port, user: superuser, password: this.password, ...as };
  }

  connect(as: ConnectionOptions = {}): Promise<Connection> {
    return connectTo(this.#session(as));
  }

  query<Row extends RowDataPacket>(
    sql: string,
    values: readonly unknown[] = [],
    as: ConnectionOptions = {},
  ): Promise<Row[]> {
    return queryOnce(this.#session(as), sql, values);
  }

  async restart(settings: MysqlSettings = {}, env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#shutdown();
    this.#settings = { ...this.#settings, ...settings };
    await this.start(env);
  }

  async #shutdown(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.child.kill(signal);
    const timer = setTimeout(() => running.child.kill("SIGKILL"), 60_000);
    if (running.child.exitCode === null && running.child.signalCode === null) await running.exited;
    clearTimeout(timer);
    running.release();
  }

  async stop(): Promise<void> {
    await this.#shutdown("SIGKILL"); // nobody reads its data again
    await rm(this.#instance.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
