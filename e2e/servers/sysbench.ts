import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { libraryFolder } from "./library-folder.ts";
import type { MysqlServer } from "./mysql-server.ts";

/** The folder above `bin/sysbench` and `share/sysbench`: `DBINTEL_TEST_SYSBENCH`, `.cache/sysbench/usr`, or the PATH. */
export function findSysbench(): string | undefined {
  const cache = fileURLToPath(new URL("../../.cache/sysbench/usr", import.meta.url));
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => dirname(folder));
  const folders = [process.env.DBINTEL_TEST_SYSBENCH ?? "", cache, ...onPath];
  return folders.find((folder) => folder !== "" && existsSync(join(folder, "bin/sysbench")));
}

/** What sysbench says it did. */
export interface SysbenchCounts {
  /** Queries that were answered, by its kinds: transactions begun and ended are the others. */
  readonly read: number;
  readonly write: number;
  readonly other: number;
  /** Queries that failed, as one side of a deadlock does: in none of the kinds, and its transaction begins again. */
  readonly ignoredErrors: number;
}

/** Runs sysbench's transactions (`oltp_read_write`) on a server, in a schema that is there. */
export class Sysbench {
  readonly #root: string;
  readonly #args: readonly string[];

  constructor(
    server: Pick<MysqlServer, "host" | "port" | "superuser" | "password">,
    options: {
      readonly schema: string;
      readonly tables: number;
      /** Rows of each table. */
      readonly rows: number;
      readonly threads: number;
    },
  ) {
    const root = findSysbench();
    if (root === undefined) throw new Error("sysbench is not on this machine; see e2e/servers/sysbench-install.sh");
    this.#root = root;
    this.#args = [
      join(root, "share/sysbench/oltp_read_write.lua"),
      "--db-driver=mysql",
      ...[`--mysql-host=${server.host}`, `--mysql-port=${server.port}`, `--mysql-db=${options.schema}`],
      ...[`--mysql-user=${server.superuser}`, `--mysql-password=${server.password}`],
      ...[`--tables=${options.tables}`, `--table-size=${options.rows}`, `--threads=${options.threads}`],
      // Until its transactions are done, however long that takes; as text, so that each query is one statement.
      ...["--time=0", "--db-ps-mode=disable"],
    ];
  }

  /** Creates and fills the tables. */
  async prepare(): Promise<void> {
    await this.#command("prepare", ["--rand-seed=1"]);
  }

  /** Runs a number of transactions. */
  async run(transactions: number, seed: number): Promise<SysbenchCounts> {
    const report = await this.#command("run", [`--events=${transactions}`, `--rand-seed=${seed}`]);
    const count = (name: string) => {
      const value = new RegExp(`^ *${name}: +(\\d+)`, "m").exec(report)?.[1];
      if (value === undefined) throw new Error(`sysbench did not tell "${name}":\n${report}`);
      return Number(value);
    };
    return {
      read: count("read"),
      write: count("write"),
      other: count("other"),
      ignoredErrors: count("ignored errors"),
    };
  }

  async #command(name: "prepare" | "run", args: readonly string[]): Promise<string> {
    const libraries = libraryFolder(this.#root);
    const env =
      libraries === undefined || this.#root === "/usr"
        ? {}
        : { LD_LIBRARY_PATH: libraries, MARIADB_PLUGIN_DIR: join(libraries, "libmariadb3/plugin") };
    const { stdout } = await promisify(execFile)(
      join(this.#root, "bin/sysbench"),
      [...this.#args, ...args, name],
      // Its scripts ask for each other.
      { env: { ...env, LUA_PATH: join(this.#root, "share/sysbench/?.lua") } },
    );
    return stdout;
  }
}
