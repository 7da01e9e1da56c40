import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConnectionOptions, RowDataPacket } from "mysql2/promise";
import { startIn } from "./library-folder.ts";
import type { MysqlProduct, MysqlServer, MysqlSettings } from "./mysql-server.ts";
import { connectTo, queryOnce, startServer, superuser, versionOf } from "./mysql-server.ts";

/** `mysql://user:password@host:port` of a server that runs already. */
export function mysqlUrl(): string | undefined {
  const url = process.env.DBINTEL_TEST_MYSQL_URL;
  return url === "" ? undefined : url;
}

/** The folder above `sbin/mysqld` and `share/mysql`: `DBINTEL_TEST_MYSQL`, `.cache/mysql/usr`, or the PATH. */
export function findMysql(): string | undefined {
  const cache = fileURLToPath(new URL("../../.cache/mysql/usr", import.meta.url));
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => dirname(folder));
  const folders = [process.env.DBINTEL_TEST_MYSQL ?? "", cache, "/usr", ...onPath];
  const holds = (folder: string, program: string) => existsSync(join(folder, "sbin", program));
  // MariaDB comes with a link of this name to its own program.
  return folders.find((folder) => folder !== "" && holds(folder, "mysqld") && !holds(folder, "mariadbd"));
}

/**
 * The server of `DBINTEL_TEST_MYSQL_URL`, or a fresh one. With `own` always a fresh one, that can be restarted and
 * whose statistics no other test changes; `settings` are for it alone.
 */
export async function startMysql(
  options: { readonly own?: boolean; readonly settings?: MysqlSettings } = {},
): Promise<MysqlServer> {
  const url = mysqlUrl();
  if (url !== undefined && options.own !== true && options.settings === undefined) return await runningServer(url);
  const installation = findMysql();
  if (installation === undefined) throw new Error("MySQL is not on this machine; see e2e/servers/mysql-install.sh");
  return await startServer(mysql, installation, options.settings ?? {});
}

const mysql: MysqlProduct = {
  name: "MySQL",
  settings: {
    "innodb-buffer-pool-size": "16M",
    "loose-innodb-redo-log-capacity": "16M",
    // Only a crash of the machine loses data then.
    "innodb-flush-method": "nosync",
    "loose-mysqlx": "OFF",
    "secure-file-priv": "NULL",
  },
  command(root) {
    const share = join(root, "share/mysql");
    const args = [
      "--no-defaults",
      `--basedir=${root}`,
      `--lc-messages-dir=${share}`,
      `--character-sets-dir=${join(share, "charsets")}`,
      `--plugin-dir=${join(root, "lib/mysql/plugin")}`,
      "--skip-log-bin",
    ];
    const start = startIn(root, join(root, "sbin/mysqld"));
    return { ...start, args: [...start.args, ...args] };
  },
  async initialise({ folder, password, run }) {
    const file = join(folder, "password.sql");
    await writeFile(file, `ALTER USER ${superuser}@localhost IDENTIFIED BY '${password}';\n`);
    await chmod(file, 0o644);
    await run(["--initialize-insecure", `--init-file=${file}`]);
  },
};

/** A server that somebody else started, and stops. */
async function runningServer(url: string): Promise<MysqlServer> {
  const { hostname, port, username, password } = new URL(url);
  const login = {
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
  const query = <Row extends RowDataPacket>(sql: string, values: readonly unknown[] = [], as: ConnectionOptions = {}) =>
    queryOnce<Row>({ ...login, ...as }, sql, values);
  const stop = async () => {};
  const version = await versionOf({ query });
  if (version.includes("MariaDB")) {
    throw new Error(`DBINTEL_TEST_MYSQL_URL leads to ${version}: name a MySQL there; tests of MariaDB start their own`);
  }
  return {
    host: login.host,
    port: login.port,
    superuser: login.user,
    password: login.password,
    version,
    connect: (as = {}) => connectTo({ ...login, ...as }),
    query,
    restart: () => Promise.reject(new Error("this test restarts the server: start it with own")),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
