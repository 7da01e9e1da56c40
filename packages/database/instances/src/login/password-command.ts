import { spawn } from "node:child_process";
import { DbintelError } from "@dbintel/errors";
import type { Clock } from "@dbintel/pipeline";

/** A token of a cloud's identity service has some 2 KB. */
const longestOutput = 65_536;
const timeoutMs = 30_000;

/**
 * What a program prints, without the line break at its end. No shell is in between; the program and all that it has
 * started end at the time-out. Rejects with `DBI_DATABASE_AUTHENTICATION`, and never with anything that was printed.
 */
export async function passwordOf(args: {
  readonly command: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<string> {
  const { command, clock, signal } = args;
  const [program = "", ...parameters] = command;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // A process group of its own, so that what the program has started ends with it.
  const child = spawn(program, parameters, { stdio: ["ignore", "pipe", "ignore"], detached: true });
  const giveUp = (reason: unknown) => {
    reject(reason);
    child.stdout.destroy();
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  const fail = (what: string, cause?: unknown) => giveUp(failure(program, what, cause));
  const abort = () => giveUp(signal.reason);
  const timer = clock.schedule(timeoutMs, () => fail(`has printed no password within ${timeoutMs / 1000} s`));
  signal.addEventListener("abort", abort, { once: true });
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > longestOutput) fail(`prints more than ${longestOutput} bytes`);
    else chunks.push(chunk);
  });
  child.on("error", (error) => fail("cannot be run", error));
  child.on("close", (code, killedBy) => {
    const password = Buffer.concat(chunks)
      .toString("utf8")
      .replace(/\r?\n$/, "");
    if (code !== 0) fail(code === null ? `was ended by ${killedBy}` : `ended with ${code}`);
    else if (password === "") fail("printed nothing");
    else resolve(password);
  });
  try {
    return await promise;
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", abort);
  }
}

function failure(program: string, what: string, cause: unknown): DbintelError {
  return new DbintelError(`the command ${program} of password_command ${what}`, {
    code: "DBI_DATABASE_AUTHENTICATION",
    hint: "run password_command by hand as the collector's user: it must print the password and nothing else",
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}
