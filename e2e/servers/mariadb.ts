import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startIn } from "./library-folder.ts";
import type { MysqlProduct, MysqlServer, MysqlSettings } from "./mysql-server.ts";
import { startServer, superuser } from "./mysql-server.ts";

/** The folder above `sbin/mariadbd`, with what comes along in `share`: `DBINTEL_TEST_MARIADB`, `.cache/mariadb/usr`, or the PATH. */
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
  settings: {
    ...{ "performance-schema": "ON", "innodb-buffer-pool-size": "16M", "innodb-log-file-size": "8M" },
    // Definitions of tables are not written through to the disk: only a crash of the machine loses them then.
    "loose-debug-no-sync": "ON",
  },
  command(root) {
    const start = startIn(root, join(root, "sbin/mariadbd"));
    return {
      ...start,
      args: [
        ...start.args,
        "--no-defaults",
        `--lc-messages-dir=${shareOf(root)}`,
        `--character-sets-dir=${join(shareOf(root), "charsets")}`,
        `--plugin-dir=${join(root, "lib/mysql/plugin")}`,
      ],
    };
  },
  async initialise({ root, password, run }) {
    await run(["--bootstrap"], await bootstrapSql(shareOf(root), password));
  },
};

/** Messages, character sets and system tables: Ubuntu's folder, or Debian's. */
function shareOf(root: string): string {
  const newer = join(root, "share/mariadb");
  return existsSync(newer) ? newer : join(root, "share/mysql");
}

/** What `mariadb-install-db` feeds to the server, with a password for the superuser. */
async function bootstrapSql(share: string, password: string): Promise<string> {
  const names = ["system_tables.sql", "performance_tables.sql", "system_tables_data.sql"];
  const files = await Promise.all(
    names.map((name) => {
      const [older, newer] = [join(share, `mysql_${name}`), join(share, `mariadb_${name}`)];
      return readFile(existsSync(newer) ? newer : older, "utf8");
    }),
  );
  const before = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n";
  const after = `FLUSH PRIVILEGES;\nALTER USER ${superuser}@localhost IDENTIFIED BY '${password}';\n`;
  return `${before}${files.join("\n")}\n${after}`;
}
