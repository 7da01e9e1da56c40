import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { DbintelError } from "@dbintel/errors";
import { systemClock } from "@dbintel/pipeline";
import { eventsOf, type SeenEvent } from "@dbintel/pipeline/testing";
import type { PollResult } from "@dbintel/polling";

/** What one poll of another process came to. */
export interface ProcessReading {
  /** Executions that were reported of a database. */
  readonly calls: number;
  readonly texts: readonly string[];
  /** Bytes of memory after the poll: what is held, what the process has, and the most that it has had. */
  readonly held: number;
  readonly rss: number;
  readonly peak: number;
  readonly tookMs: number;
  readonly problems: readonly Pick<DbintelError, "code" | "hint">[];
}

/** Polls in a process of its own, which runs a script that calls `answerReadings`. */
export function readInProcess(args: { readonly script: URL; readonly place: object }) {
  const { script, place } = args;
  const options = ["--expose-gc", "--conditions=@dbintel/source"];
  const child = spawn(process.execPath, [...options, fileURLToPath(script), JSON.stringify(place)], {
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

/**
 * The other side: polls once for each line of the input, and answers with a line of JSON. The process does nothing else, so
 * that what it takes of memory is the collector's.
 */
export async function answerReadings(args: {
  readonly poll: () => Promise<PollResult>;
  readonly callsOf: (event: SeenEvent) => number;
}): Promise<void> {
  const { poll, callsOf } = args;
  for await (const line of createInterface({ input: process.stdin })) {
    const startedMs = systemClock.monotonicMs();
    const { batches, problems = [] } = await poll();
    const tookMs = systemClock.monotonicMs() - startedMs;
    const counted = eventsOf(batches).filter((event) => event.text("db.namespace") === line);
    const calls = counted.reduce((sum, event) => sum + callsOf(event), 0);
    const texts = counted.map((event) => event.text("db.query.text"));
    // What buffers held is given back only after a collection that found nobody who knows them.
    globalThis.gc?.();
    await nextTurn();
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    const peak = 1024 * process.resourceUsage().maxRSS;
    const answer: ProcessReading = { calls, texts, held: heapUsed + external, rss, peak, tookMs, problems };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
