import { RetryableError, toConsumeError } from "@dbintel/errors";
import type { Clock, Timer } from "@dbintel/pipeline";

export interface AttemptOptions {
  readonly clock: Clock;
  /** What `run` waits for, in words. */
  readonly destination: string;
  /** Milliseconds; 0 is no limit. */
  readonly timeoutMs: number;
  /** Ends the attempt early; its reason becomes the error. */
  readonly signal: AbortSignal;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/**
 * Runs `run` until it settles, time is up or `signal` is aborted, whatever comes first; rejects with typed errors only.
 *
 * A `run` that ignores its signal is left behind: it cannot hold up a sender or the shutdown. What it still achieves
 * is not counted, so that a later attempt may deliver the same data twice (at-least-once).
 */
export async function attempt({ clock, destination, timeoutMs, signal, run }: AttemptOptions): Promise<void> {
  // One controller an attempt, unlinked in the end: AbortSignal.any() would stay registered with a long-lived signal.
  const controller = new AbortController();
  const stop = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  });
  const onAbort = () => controller.abort(signal.reason);
  let timer: Timer | undefined;
  try {
    if (signal.aborted) throw signal.reason;
    signal.addEventListener("abort", onAbort, { once: true });
    if (timeoutMs > 0) timer = clock.schedule(timeoutMs, () => controller.abort(timedOut(destination, timeoutMs)));
    await Promise.race([run(controller.signal), stop]);
  } catch (error) {
    throw toConsumeError(error);
  } finally {
    timer?.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}

function timedOut(destination: string, timeoutMs: number): RetryableError {
  return new RetryableError(`no answer from ${destination} within ${timeoutMs / 1000} s`, {
    code: "DBI_TIMEOUT",
    hint: "check that it can be reached and is not overloaded, or raise `timeout`",
  });
}
