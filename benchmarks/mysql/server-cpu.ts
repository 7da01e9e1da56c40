import { readFileSync } from "node:fs";
import type { MysqlServer } from "@dbintel/e2e/servers";
import { cpuSeconds } from "../pipeline/process-usage.ts";

/**
 * CPU time of a MySQL or MariaDB server but for that of the sessions that are there now: what collectors that come later
 * cost, and what the server does by itself.
 */
export class ServerCpu {
  readonly #pid: number;
  readonly #others: readonly number[];

  private constructor(pid: number, others: readonly number[]) {
    this.#pid = pid;
    this.#others = others;
  }

  static async of(server: MysqlServer): Promise<ServerCpu> {
    const [row] = await server.query("SELECT @@pid_file AS file");
    const threads = await server.query(
      `SELECT THREAD_OS_ID AS id FROM performance_schema.threads
        WHERE TYPE = 'FOREGROUND' AND PROCESSLIST_ID IS NOT NULL AND PROCESSLIST_ID <> CONNECTION_ID()`,
    );
    return new ServerCpu(
      Number(readFileSync(String(row?.file), "utf8")),
      threads.map(({ id }) => Number(id)),
    );
  }

  /** Milliseconds so far. */
  ms(): number {
    const others = this.#others.map((thread) => {
      try {
        return cpuSeconds(this.#pid, thread);
      } catch {
        return 0; // it has ended
      }
    });
    return 1000 * (cpuSeconds(this.#pid) - others.reduce((sum, seconds) => sum + seconds, 0));
  }
}
