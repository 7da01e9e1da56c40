import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { libraryFolder } from "./library-folder.ts";
import type { MysqlProduct, MysqlServer, MysqlSettings } from "./mysql-server.ts";
import { startServer, superuser } from "./mysql-server.ts";

/** The folder above `sbin/mariadbd` and `share/mysql`: `DBINTEL_TEST_MARIADB`, `.cache/mariadb/usr`, or the PATH. */
export function findMariadb(): string | undefined {
  const cache = fileURLToPath(new URL("../../.cache/mariadb/usr", import.meta.url));
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => dirname(folder));
  const folders = [process.env.DBINTEL_TEST_MARIADB ?? "", cache, "/usr", ...onPath];
  return folders.find((folder) => folder !== "" && existsSync(join(folder, "sbin/mariadbd")));
}

/** Starts a MariaDB server with performance_schema, which it has off by default. */
export async function startMariadb(settings: MysqlSettings = {}): Promise<MysqlServer> {
  const installation = findMariadb();
  if (installation === undefined) throw new Error("MariaDB is not on this machine; see e2e/servers/mariadb-install.sh");
  return await startServer(mariadb, installation, settings);
}

const mariadb: MysqlProduct = {
  name: "MariaDB",
  settings: { "performance-schema": "ON", "innodb-buffer-pool-size": "16M", "innodb-log-file-size": "8M" },
  command(root) {
    const libraries = libraryFolder(root);
    return {
      program: join(root, "sbin/mariadbd"),
      args: [
        "--no-defaults",
        `--lc-messages-dir=${join(root, "share/mysql")}`,
        `--plugin-dir=${join(root, "lib/mysql/plugin")}`,
      ],
      ...(libraries === undefined ? {} : { env: { LD_LIBRARY_PATH: libraries } }),
    };
  },
  async initialise({ root, password, run }) {
    await run(["--bootstrap"], await bootstrapSql(join(root, "share/mysql"), password));
  },
};

/** What `mariadb-install-db` feeds to the server, with a password for the superuser. */
async function bootstrapSql(share: string, password: string): Promise<string> {
  const names = ["mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql"];
  const files = await Promise.all(names.map((name) => readFile(join(share, name), "utf8")));
  const before = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n";
  const after = `FLUSH PRIVILEGES;\nALTER USER ${superuser}@localhost IDENTIFIED BY '${password}';\n`;
  return `${before}${files.join("\n")}\n${after}`;
}
