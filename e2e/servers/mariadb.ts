import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, cp, mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { createConnection } from "mysql2/promise";
import { eventually } from "../harness/condition.ts";
import { freePort } from "../harness/free-port.ts";
import { unprivilegedUser } from "./unprivileged.ts";
import { stopWithParent } from "./watchdog.ts";

const host = "127.0.0.1";
const superuser = "root";

/** A real MariaDB server in a temporary folder, on a free port of the loopback interface. */
export interface MariadbServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly superuser: string;
  readonly password: string;
  /** For example "10.11.19-MariaDB". */
  readonly version: string;
  /** Opens a session of the superuser; the caller ends it. */
  connect(database?: string): Promise<Connection>;
  /** Stops and removes everything. Idempotent. */
  stop(): Promise<void>;
}

/** The folder above `sbin/mariadbd` and `share/mysql`: `DBINTEL_TEST_MARIADB`, `.cache/mariadb/usr`, or the PATH. */
export function findMariadb(): string | undefined {
  const cache = fileURLToPath(new URL("../../.cache/mariadb/usr", import.meta.url));
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => dirname(folder));
  const folders = [process.env.DBINTEL_TEST_MARIADB ?? "", cache, "/usr", ...onPath];
  return folders.find((folder) => folder !== "" && existsSync(join(folder, "sbin/mariadbd")));
}

/**
 * Starts a server with performance_schema and resolves when it answers queries. It never runs as root, and it ends
 * with this process whatever ends it. Rejects with the server's log when it does not come up.
 */
export async function startMariadb(settings: Readonly<Record<string, string>> = {}): Promise<MariadbServer> {
  const found = findMariadb();
  if (found === undefined) throw new Error("MariaDB is not on this machine; see e2e/servers/mariadb-install.sh");
  const user = unprivilegedUser();
  const folder = await mkdtemp(join(tmpdir(), "dbintel-mariadb-"));
  const data = join(folder, "data");
  const password = randomBytes(18).toString("base64url");
  const port = await freePort();
  try {
    await chmod(folder, 0o755);
    await mkdir(data, { mode: 0o700 });
    // The unprivileged user may not be let into the checkout.
    const root = join(folder, "usr");
    await cp(found === "/usr" ? "/usr/share/mysql" : found, found === "/usr" ? join(root, "share/mysql") : root, {
      recursive: true,
      verbatimSymlinks: true,
    });
    if (user !== undefined) await Promise.all([folder, data].map((path) => chown(path, user.uid, user.gid)));
    const program = found === "/usr" ? "/usr/sbin/mariadbd" : join(root, "sbin/mariadbd");
    const share = join(root, "share/mysql");
    const log = join(folder, "server.log");
    const launch = async (args: readonly string[]): Promise<ChildProcess> => {
      const logFile = await open(log, "a", 0o600);
      const common = [
        "--no-defaults",
        `--datadir=${data}`,
        `--lc-messages-dir=${share}`,
        "--innodb-buffer-pool-size=16M",
      ];
      const child = spawn(program, [...common, "--innodb-log-file-size=8M", ...args], {
        cwd: folder,
        stdio: ["pipe", logFile.fd, logFile.fd],
        env: { ...process.env, LD_LIBRARY_PATH: join(root, "lib/x86_64-linux-gnu") },
        detached: true,
        ...user,
      });
      await logFile.close();
      return child;
    };
    const failure = async (cause: unknown) =>
      new Error(`MariaDB did not start:\n${(await readFile(log, "utf8")).split("\n").slice(-20).join("\n")}`, {
        cause,
      });

    const bootstrap = await launch(["--bootstrap"]);
    bootstrap.stdin?.end(await bootstrapSql(share, password));
    const [code] = await once(bootstrap, "exit");
    if (code !== 0) throw await failure(code);

    const extra = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const socket = `--socket=${join(data, "mariadb.sock")}`;
    const network = [`--bind-address=${host}`, `--port=${port}`, socket, `--pid-file=${join(data, "pid")}`];
    const child = await launch([...network, "--performance-schema=ON", ...extra]);
    const exited = once(child, "exit");
    child.unref();
    const { pid } = child;
    if (pid === undefined) throw await failure("the server process could not be made");
    const release = stopWithParent({ pid, signal: "TERM", folder });
    const connect = (database?: string) =>
      createConnection({ host, port, user: superuser, password, ...(database === undefined ? {} : { database }) });
    let stopped = false;
    const stop = async () => {
      if (stopped) return;
      stopped = true;
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await exited;
      release();
      await rm(folder, { recursive: true, force: true });
    };
    const version = await eventually("MariaDB answers", async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw await failure("the server process ended");
      return connect().then(versionOf, () => undefined);
    });
    return { host, port, superuser, password, version, connect, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** What `mariadb-install-db` feeds to the server, with a password for the superuser. */
async function bootstrapSql(share: string, password: string): Promise<string> {
  const names = ["mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql"];
  const files = await Promise.all(names.map((name) => readFile(join(share, name), "utf8")));
  const before = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n";
  const after = `FLUSH PRIVILEGES;\nALTER USER root@localhost IDENTIFIED BY '${password}';\n`;
  return `${before}${files.join("\n")}\n${after}`;
}

async function versionOf(connection: Connection): Promise<string> {
  const [rows] = await connection.query<(RowDataPacket & { version: string })[]>("SELECT version() AS version");
  await connection.end();
  return rows[0]?.version ?? "";
}
