import type { ConsumeError, PermanentError } from "@dbintel/errors";
import { toConsumeError } from "@dbintel/errors";
import type { Clock, Random } from "@dbintel/pipeline";
import { wait } from "@dbintel/pipeline";
import type { Outcome } from "../request/outcome.ts";
import { reasonOf } from "../request/outcome.ts";
import { attempt } from "./attempt.ts";
import { BackOff } from "./back-off.ts";
import type { Entrance, PassEnd } from "./destination.ts";
import type { RetrySettings } from "./retry-settings.ts";

export interface RetryOptions {
  readonly clock: Clock;
  /** Where the data goes, in words. */
  readonly destination: string;
  readonly random: Random;
  readonly settings: RetrySettings;
  /** The limit of one attempt in milliseconds; 0 is none. */
  readonly timeoutMs: number;
  /** Ends attempts and waits. Its reason is a typed error, which becomes the outcome's. */
  readonly signal: AbortSignal;
  /** Ends waits between attempts, and lets the attempt that is under way come to its end. Default: `signal`. */
  readonly patience?: AbortSignal | undefined;
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Where each attempt waits until it may go out. */
  readonly entrance: Entrance;
  /** Without retries: whether to wait for a destination that is left alone, or to fail at once. */
  readonly waitsFirst: boolean;
  /** Waits also before it gives up: whoever has the data then will try at once. */
  readonly waitsLast?: boolean;
  /** Told of each failure that can pass: true when it is the fault of what is sent, which ends the retries. */
  readonly isPoison?: ((error: ConsumeError) => boolean) | undefined;
  /** Called before each wait. */
  readonly onRetry: (error: ConsumeError, delayMs: number) => void;
}

/** Attempts until the data is taken, rejected for good, or its time is up. Never rejects. */
export async function sendWithRetry(options: RetryOptions): Promise<Outcome> {
  const { clock, destination, settings, signal, patience = signal } = options;
  const backOff = new BackOff(settings, options.random);
  const startedMs = clock.monotonicMs();
  const untilMs = startedMs + patienceOf(options);
  let last: ConsumeError | undefined;
  for (;;) {
    const pass = await options.entrance.enter({ signal, patience, untilMs });
    if (pass === undefined) {
      if (signal.aborted) return stopped(signal);
      if (patience.aborted) return stopped(patience);
      return { kind: "failed", reason: "retries_exhausted", error: last ?? options.entrance.refusal() };
    }
    try {
      await attempt({ clock, destination, timeoutMs: options.timeoutMs, signal, run: options.run });
      pass.end("taken");
      return { kind: "sent" };
    } catch (reason) {
      const error = toConsumeError(reason);
      pass.end(endOf(error, signal));
      last = error;
      if (error.kind === "partial") return { kind: "partial", error };
      if (error.kind === "permanent") return { kind: "failed", reason: reasonOf(error), error };
      if (signal.aborted) return stopped(signal);
      if (patience.aborted) return stopped(patience);
      if (options.isPoison?.(error) === true) return { kind: "failed", reason: "poison", error };
      if (!settings.enabled) return { kind: "failed", reason: "retries_exhausted", error };
      const delayMs = Math.max(backOff.next(), error.delayMs ?? 0);
      const elapsedMs = clock.monotonicMs() - startedMs;
      const exhausted = settings.max_elapsed_time > 0 && elapsedMs + delayMs > settings.max_elapsed_time;
      const failed: Outcome = { kind: "failed", reason: "retries_exhausted", error };
      if (exhausted && options.waitsLast !== true) return failed;
      options.onRetry(error, delayMs);
      try {
        await wait(clock, delayMs, patience);
      } catch {
        return stopped(patience);
      }
      if (exhausted) return failed;
    }
  }
}

/** How long a request waits for a destination that is left alone, milliseconds. */
function patienceOf({ settings, waitsFirst }: RetryOptions): number {
  if (!settings.enabled) return waitsFirst ? Number.POSITIVE_INFINITY : 0;
  return settings.max_elapsed_time > 0 ? settings.max_elapsed_time : Number.POSITIVE_INFINITY;
}

/** What an attempt that failed says about the destination. */
function endOf(error: ConsumeError, signal: AbortSignal): PassEnd {
  if (error.kind === "partial") return "taken";
  if (error.kind === "permanent") return isOwn(error) ? "unknown" : "answered";
  return signal.aborted ? "unknown" : error;
}

/** Whether the destination was not even asked: a defect, or more than it is known to take. */
function isOwn({ code, httpStatus }: PermanentError): boolean {
  return code === "DBI_INTERNAL" || (code === "DBI_TOO_LARGE" && httpStatus === undefined);
}

/**
 * Only shutdown ends what nobody waits for. A caller that waits is told the error and not the reason: for it the same
 * signal may also mean that it left.
 */
function stopped(signal: AbortSignal): Outcome {
  return { kind: "failed", reason: "shutdown", error: toConsumeError(signal.reason) };
}
