import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stopWithParent } from "@dbintel/e2e/servers";

const command = fileURLToPath(new URL("../bin/dbintel", import.meta.url));
const configs = fileURLToPath(new URL("../configs", import.meta.url));

/** How long the collector may take to give away what it holds. */
const patienceMs = 15_000;

export interface CollectorOptions {
  /** Files in `configs/`, merged in this order. */
  readonly configs: readonly string[];
  /** Added to the environment; passwords and keys go this way, never through arguments. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the `health_check` extension answers. */
  readonly healthUrl: string;
  /** Lines that it logs. */
  readonly onLine: (line: string) => void;
}

/** `bin/dbintel run` as a process of its own. */
export interface CollectorProcess {
  /** Resolves when the process is gone, with what it said about its end. */
  readonly ended: Promise<string>;
  /** Resolves when it answers that it works; rejects when it ended before. */
  ready(signal: AbortSignal): Promise<void>;
  /** Asks it to give away what it holds and to end; kills it when that takes too long. */
  stop(): Promise<void>;
  kill(): void;
}

export function startCollector(options: CollectorOptions): CollectorProcess {
  const args = ["run", ...options.configs.flatMap((name) => ["--config", `${configs}/${name}`])];
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C in the terminal reaches this process, which stops the collector in its order.
    detached: true,
  });
  // Without this process nobody takes what the collector holds: nothing is lost by ending it at once.
  const release = child.pid === undefined ? () => {} : stopWithParent({ pid: child.pid, signal: "KILL" });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", options.onLine);
  const ended = once(child, "close").then(([code, signal]) => {
    release();
    return signal === null ? `exit code ${code}` : `signal ${signal}`;
  });
  return {
    ended,
    kill: () => void child.kill("SIGKILL"),
    async ready(signal) {
      let end: string | undefined;
      void ended.then((how) => {
        end = how;
      });
      while (!(await answers(options.healthUrl))) {
        if (end !== undefined) throw new Error(`the collector ended before it was ready: ${end}`);
        await delay(50, undefined, { signal });
      }
    },
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
