import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Reachable } from "./watch.ts";

/** What one poll of another process came to. */
export interface ProcessReading {
  /** Executions that were reported of a database. */
  readonly calls: number;
  readonly texts: readonly string[];
  /** Bytes of memory after the poll, and the most that there were. */
  readonly rss: number;
  readonly peak: number;
  readonly tookMs: number;
  readonly problems: readonly { readonly message: string }[];
}

/** Reads the statements of a server in a process of its own. */
export function readInProcess({ host, port, superuser, password }: Reachable) {
  const script = fileURLToPath(new URL("reading-process.ts", import.meta.url));
  const place = JSON.stringify({ host, port, superuser, password } satisfies Reachable);
  const child = spawn(process.execPath, ["--expose-gc", "--conditions=@dbintel/source", script, place], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** Polls, and tells what was reported of `database`. */
    async poll(database: string): Promise<ProcessReading> {
      child.stdin.write(`${database}\n`);
      const answer = await answers.next();
      if (answer.done === true) throw new Error("the process has ended");
      return JSON.parse(answer.value) as ProcessReading;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exited;
    },
  };
}
