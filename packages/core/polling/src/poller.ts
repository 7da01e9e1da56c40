import type { Milliseconds } from "@dbintel/config";
import { DbintelError, isDbintelError } from "@dbintel/errors";
import type { Batch, Signal } from "@dbintel/pdata";
import { type Consumers, type Host, memoryPressure, wait } from "@dbintel/pipeline";
import { unlessAborted } from "./abort.ts";
import { Deliverer } from "./deliverer.ts";
import { ProblemBoard, type Problems } from "./problem-board.ts";

/** What one poll brought. */
export interface PollResult {
  /** Telemetry to hand on; batches of a signal that no pipeline uses are left aside. */
  readonly batches: readonly Batch[];
  /** What did not work although the poll as a whole did: a missing grant, a view that this server has not. */
  readonly problems?: readonly DbintelError[];
  /** Whether the source was left alone. */
  readonly heldBack?: boolean;
  /** Moves the checkpoint. Runs once, when every batch was taken or rejected for good. */
  commit?(): void;
}

export interface PollerOptions {
  readonly host: Host;
  /** Tells several pollers of one component apart, in logs and metrics. */
  readonly name: string;
  /** Which source of several is polled, in metrics: host:port of a server. Default: none is named. */
  readonly instance?: string;
  /** From the start of one poll to the start of the next. */
  readonly interval: Milliseconds;
  /** ≥ 1, asked after each poll: how many times longer the interval is for now. Default 1. */
  readonly intervalFactor?: () => number;
  /** Before the first poll. Default 1 s. */
  readonly initialDelay?: Milliseconds;
  /** After this `signal` is aborted. 0, the default, stands for `interval`. */
  readonly timeout?: Milliseconds;
  /** The first poll is delayed by a random part of this share of the interval, so that a fleet spreads. Default 0.1. */
  readonly jitter?: number;
  /** Asks the source once. A rejection counts as a failed poll; the checkpoint stays where it was. */
  readonly poll: (args: { readonly signal: AbortSignal }) => Promise<PollResult>;
  readonly next: Consumers;
  /** Where problems go. Default: a board of its own. Pollers of one component share one. */
  readonly problems?: Problems;
}

/** A running schedule. */
export interface Poller {
  /** Idempotent; does not wait for the first poll. */
  start(): void;
  /** Lets a running poll finish and hands its result on; aborts it when `signal` is. Idempotent. */
  stop(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Polls at once, or after the poll that is under way; the grid of ticks begins anew then. */
  wake(): void;
  /** Items that were polled and not taken by the next component yet. */
  held(signal: Signal): number;
  /** Ticks that passed while a poll or its delivery was still going on. */
  readonly skippedTicks: number;
}

/** A poll that keeps failing is tried at most this rarely, or each interval when that is longer. */
const longestBackOffMs = 60_000;

/**
 * Polls on a fixed grid of ticks, one poll at a time.
 *
 * A tick that comes while a poll or its delivery runs is counted and skipped. While the process is short of memory no
 * poll begins; the first one afterwards brings what happened since. A refused batch is offered again
 * before the next poll, so at most one poll's telemetry is held, and the checkpoint with it. A failing poll is
 * reported and tried again with growing distance. The OpenTelemetry Collector's scrape controller drops a refused
 * batch and has no deadline by default.
 */
export function createPoller(options: PollerOptions): Poller {
  return new TickPoller(options);
}

class TickPoller implements Poller {
  readonly #options: PollerOptions;
  readonly #timeoutMs: number;
  readonly #problems: Problems;
  readonly #deliverer: Deliverer;
  readonly #closing = new AbortController();
  readonly #abort = new AbortController();
  readonly #polls;
  readonly #skipped;
  readonly #paused;
  readonly #labels: Readonly<Record<string, string>>;
  #running: Promise<void> | undefined;
  #failures = 0;
  #waking = new AbortController();
  skippedTicks = 0;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeout || options.interval;
    this.#problems = options.problems ?? new ProblemBoard(options.host);
    this.#deliverer = new Deliverer(options.host, options.next);
    const { instance, name: poller } = options;
    this.#labels = instance === undefined ? { poller } : { instance, poller };
    const { meter } = options.host;
    this.#polls = meter.createCounter("dbintel_receiver_polls", { description: "Polls by outcome", unit: "{polls}" });
    this.#paused = meter.createCounter("dbintel_receiver_paused_polls", {
      description: "Polls that waited until the process was no longer short of memory",
      unit: "{polls}",
    });
    this.#skipped = meter.createCounter("dbintel_receiver_skipped_polls", {
      description: "Ticks that passed while a poll or its delivery was still going on",
      unit: "{polls}",
    });
  }

  /** Whether there was a pause. */
  async #pause(): Promise<boolean> {
    const { host } = this.#options;
    const pressure = host.shared(memoryPressure);
    if (!pressure.high) return false;
    this.#paused.add(1, this.#labels);
    await pressure.relieved(this.#closing.signal);
    return true;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const abort = () => this.#abort.abort(new DbintelError("the collector is stopping", { code: "DBI_ABORTED" }));
    this.#closing.abort();
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    await this.#running;
    signal.removeEventListener("abort", abort);
  }

  wake(): void {
    this.#waking.abort();
  }

  held(signal: Signal): number {
    return this.#deliverer.held(signal);
  }

  async #run(): Promise<void> {
    const { host, initialDelay = 1000, jitter = 0.1, intervalFactor = () => 1 } = this.#options;
    let dueMs = host.clock.monotonicMs() + initialDelay + host.random.next() * jitter * this.#options.interval;
    while (await this.#reached(dueMs)) {
      if (this.#waking.signal.aborted) {
        this.#waking = new AbortController();
        dueMs = host.clock.monotonicMs();
      }
      if ((await this.#pause()) && this.#closing.signal.aborted) break;
      const backOffMs = await this.#tick();
      const interval = this.#options.interval * Math.max(1, intervalFactor());
      const nowMs = host.clock.monotonicMs();
      const missed = Math.max(0, Math.floor((nowMs - dueMs) / interval));
      if (missed > 0) {
        this.skippedTicks += missed;
        this.#skipped.add(missed, this.#labels);
      }
      dueMs += interval * (1 + missed);
      while (dueMs < nowMs + backOffMs) dueMs += interval;
    }
  }

  /** False when the poller closes before the time has come. */
  async #reached(dueMs: number): Promise<boolean> {
    const { clock } = this.#options.host;
    const early = AbortSignal.any([this.#closing.signal, this.#waking.signal]);
    await wait(clock, Math.max(0, dueMs - clock.monotonicMs()), early).catch(() => {});
    return !this.#closing.signal.aborted;
  }

  /** One poll with its delivery; returns how long to leave the source alone, 0 after success. */
  async #tick(): Promise<number> {
    const { name, interval, host } = this.#options;
    const startedMs = host.clock.monotonicMs();
    try {
      const result = await this.#poll();
      this.#failures = 0;
      this.#problems.set(name, result.problems ?? []);
      this.#count(result.heldBack === true ? "held_back" : "ok", startedMs, result.batches);
      const settled = await this.#deliverer.deliver(result.batches, this.#closing.signal, this.#abort.signal);
      if (settled) result.commit?.();
      return 0;
    } catch (reason) {
      if (this.#closing.signal.aborted) return 0;
      const problem = toProblem(reason);
      this.#problems.set(name, [problem]);
      this.#count(problem.code === "DBI_TIMEOUT" ? "timeout" : "failed", startedMs);
      const backOffMs = interval * 2 ** Math.min(this.#failures++, 16);
      return Math.min(backOffMs, Math.max(longestBackOffMs, interval));
    }
  }

  /** One more poll with this outcome; a line of its own for who looks closer. */
  #count(outcome: "ok" | "held_back" | "timeout" | "failed", startedMs: number, batches: readonly Batch[] = []): void {
    const { name: poller, host } = this.#options;
    this.#polls.add(1, { ...this.#labels, outcome });
    const tookMs = Math.round(host.clock.monotonicMs() - startedMs);
    const items = batches.reduce((sum, { count }) => sum + count, 0);
    host.logger.debug({ poller, outcome, took_ms: tookMs, items }, `poll of ${poller}: ${outcome}`);
  }

  /** Asks the source under the deadline. What fails after the deadline has passed failed because of it. */
  async #poll(): Promise<PollResult> {
    const { host, name, poll } = this.#options;
    const deadline = new AbortController();
    const timer = host.clock.schedule(this.#timeoutMs, () => {
      const late = new DbintelError(`the poll took longer than ${this.#timeoutMs / 1000} s`, {
        code: "DBI_TIMEOUT",
        hint: "raise timeout or collection_interval, or find out what keeps the source busy",
        retryable: true,
      });
      this.#problems.set(name, [late]);
      deadline.abort(late);
    });
    try {
      // At its own deadline a poll is still waited for, so that there are never two; at shutdown it is left behind.
      const running = poll({ signal: AbortSignal.any([deadline.signal, this.#abort.signal]) });
      return await unlessAborted(running, this.#abort.signal);
    } catch (reason) {
      throw deadline.signal.aborted ? deadline.signal.reason : reason;
    } finally {
      timer.cancel();
    }
  }
}

function toProblem(reason: unknown): DbintelError {
  if (isDbintelError(reason)) return reason;
  const message = reason instanceof Error ? reason.message : String(reason);
  return new DbintelError(`defect in a poll: ${message}`, {
    code: "DBI_INTERNAL",
    hint: "please report this with the collector's version",
    cause: reason,
  });
}
