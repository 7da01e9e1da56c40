import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../../bin/dbintel", import.meta.url));

/** How a run of the command ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How long a collector that a scenario is done with may take to end by itself. */
const patienceMs = 10_000;

/**
 * The built `dbintel` as its own process.
 *
 * Of every collector that ends in good order the accounts have to balance: received = sent + dropped + refused + what
 * each component itself says it holds. It looks at them when it stops; here is where every scenario asserts the result.
 */
export class DbintelProcess implements AsyncDisposable {
  stdout = "";
  stderr = "";
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;

  /** `by` is a program with its arguments that turns into the command, such as `nsenter`. */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, by: readonly string[] = []) {
    const [program = command, ...rest] = [...by, command, ...args];
    this.#child = spawn(program, rest, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    // "close" comes after both streams have ended, so stdout and stderr are whole when `exited` resolves.
    this.exited = once(this.#child, "close").then(([code, signal]) => ({ code, signal }));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("dbintel did not start");
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, then the exit. Rejects when an account does not balance. */
  async stop(): Promise<Exit> {
    this.#child.kill("SIGTERM");
    const exit = await this.exited;
    if (exit.code === 0) this.#assertBalanced();
    return exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.running) {
      await this.exited;
      return;
    }
    const impatience = setTimeout(() => this.#child.kill("SIGKILL"), patienceMs);
    try {
      await this.stop();
    } finally {
      clearTimeout(impatience);
    }
  }

  #assertBalanced(): void {
    // Where the log has this line, it has the one at the end as well.
    if (!this.stderr.includes("everything is ready")) return;
    const unbalanced = /"?unbalanced"?[=:](\d+)/.exec(this.stderr)?.[1];
    if (unbalanced === "0") return;
    const lines = this.stderr.split("\n").filter((line) => line.includes("does not balance"));
    throw new Error(`accounts that do not balance: ${unbalanced ?? "not told"}\n${lines.join("\n")}`);
  }
}

/** Runs the command to its end. */
export async function runDbintel(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  await using run = new DbintelProcess(args, env);
  const exit = await run.exited;
  return { ...exit, stdout: run.stdout, stderr: run.stderr };
}
