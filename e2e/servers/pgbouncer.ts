import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { eventually } from "../harness/condition.ts";
import { freePort } from "../harness/free-port.ts";
import { startIn } from "./library-folder.ts";
import type { PostgresServer } from "./postgres.ts";
import { unprivilegedUser } from "./unprivileged.ts";
import { stopWithParent } from "./watchdog.ts";

const host = "127.0.0.1";

/** The folder above `sbin/pgbouncer`: `DBINTEL_TEST_PGBOUNCER`, `.cache/pgbouncer/usr`, `/usr`, or the PATH. */
export function findPgbouncer(): string | undefined {
  const cache = fileURLToPath(new URL("../../.cache/pgbouncer/usr", import.meta.url));
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => dirname(folder));
  const folders = [process.env.DBINTEL_TEST_PGBOUNCER ?? "", cache, "/usr", ...onPath];
  return folders.find((folder) => folder !== "" && existsSync(join(folder, "sbin/pgbouncer")));
}

/** A PgBouncer before a server. */
export interface Pgbouncer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** May look at the console; `guest` with the password `guest` may not. */
  readonly username: string;
  readonly password: string;
  /** A session of the superuser on a database of the server, pooled. */
  connect(database: string): Promise<pg.Client>;
  /** Idempotent. */
  stop(): Promise<void>;
}

/** Starts PgBouncer before `server`, in transaction mode by default. Rejects with its log when it does not come up. */
export async function startPgbouncer(
  server: PostgresServer,
  options: {
    readonly poolMode?: "session" | "transaction" | "statement";
    /** Databases that it knows by name. It finds all others too, but hides one whose first client took its time to log in. */
    readonly databases?: readonly string[];
    /** Parameters of a client's start that are dropped instead of refused. */
    readonly ignoredParameters?: readonly string[];
  } = {},
): Promise<Pgbouncer> {
  const { poolMode = "transaction", databases = [], ignoredParameters = [] } = options;
  const root = findPgbouncer();
  if (root === undefined) throw new Error("PgBouncer is not on this machine; see e2e/servers/pgbouncer-install.sh");
  const user = unprivilegedUser();
  const folder = await mkdtemp(join(tmpdir(), "dbintel-pgbouncer-"));
  const port = await freePort();
  const { superuser: username, password } = server;
  const write = async (name: string, lines: readonly string[]) => {
    const path = join(folder, name);
    await writeFile(path, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
    if (user !== undefined) await chown(path, user.uid, user.gid);
    return path;
  };
  await chmod(folder, 0o700);
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const users = await write("users", [`"${username}" "${password}"`, '"guest" "guest"']);
  const settings = await write("pgbouncer.ini", [
    "[databases]",
    ...[...databases, "*"].map(
      (name) => `${name} = host=${server.host} port=${server.port} user=${username} password=${password}`,
    ),
    "[pgbouncer]",
    ...[`listen_addr = ${host}`, `listen_port = ${port}`, "unix_socket_dir ="],
    ...["auth_type = scram-sha-256", `auth_file = ${users}`, `stats_users = ${username}`, `pool_mode = ${poolMode}`],
    ...(ignoredParameters.length === 0 ? [] : [`ignore_startup_parameters = ${ignoredParameters.join(", ")}`]),
  ]);
  const logFile = await open(join(folder, "log"), "a", 0o600);
  const { program, args, env = {} } = startIn(root, join(root, "sbin/pgbouncer"));
  const child = spawn(program, [...args, settings], {
    cwd: folder,
    stdio: ["ignore", logFile.fd, logFile.fd],
    detached: true,
    env,
    ...user,
  });
  const exited = once(child, "exit");
  await logFile.close();
  if (child.pid === undefined) throw new Error("PgBouncer could not be started", { cause: await exited });
  child.unref();
  const release = stopWithParent({ pid: child.pid, signal: "QUIT", folder });
  const connect = async (database: string) => {
    const client = new pg.Client({ host, port, user: username, password, database });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      // SIGINT waits for clients, SIGTERM and SIGQUIT do not: which of the last two depends on the version.
      child.kill("SIGQUIT");
      if (child.exitCode === null && child.signalCode === null) await exited;
      release();
      await rm(folder, { recursive: true, force: true });
    })();
    return stopping;
  };
  try {
    await eventually("PgBouncer answers", async () => {
      if (child.exitCode !== null) throw new Error("the process ended");
      const client = await connect("pgbouncer").catch(() => undefined);
      await client?.end();
      return client === undefined ? undefined : true;
    });
  } catch (cause) {
    const log = await readFile(join(folder, "log"), "utf8");
    await stop();
    throw new Error(`PgBouncer did not start:\n${log}`, { cause });
  }
  return { host, port, username, password, connect, stop, [Symbol.asyncDispose]: stop };
}
