import { type BreakerSettings, breakers } from "@dbintel/guard";
import type { Signal } from "@dbintel/pdata";
import type { Consumers, Host } from "@dbintel/pipeline";
import {
  type Baseline,
  Checkpoint,
  createPoller,
  type Poller,
  type PollResult,
  ProblemBoard,
  type Problems,
} from "@dbintel/polling";
import { BreakerWatch } from "./breaker-watch.ts";
import { OwnCost } from "./budget/own-cost.ts";
import {
  breakerGate,
  type GuardedPollOptions,
  type GuardedSource,
  guardedPoll,
  type LastProblem,
  NotLeaderError,
} from "./guarded-poll.ts";
import { Lease, renewals } from "./lease/lease.ts";
import type { LeaseLock } from "./lease/lease-lock.ts";
import { ServerSessions } from "./session/server-sessions.ts";
import type { Turn } from "./turn.ts";
import type { WatchedDatabase } from "./watched-database.ts";

/** One thing that a receiver asks a server for, again and again. */
export interface WatchedPoll extends Pick<GuardedPollOptions, "poll"> {
  /** In logs and metrics, and to the breaker. */
  readonly name: string;
  /** From the start of one poll to the start of the next, in milliseconds. */
  readonly interval: number;
  /** Longest time of one poll in milliseconds, where it is not that of all polls. */
  readonly timeout?: number;
  readonly source: GuardedSource;
  /** For polls that share a session: one at a time. */
  readonly turn?: Turn;
  /** ≥ 1, asked after each poll: how many times longer the interval is, beside what an overload makes of it. */
  readonly intervalFactor?: () => number;
  /** What it compares its readings with; kept over a restart. */
  readonly baseline?: Baseline;
  /** Has it forget what it has read beside that: another collector may have reported since. */
  readonly forget?: () => void;
}

/** Where the parts of a receiver put what they ask for: the watch of their server, or a trial of each poll. */
export interface PollList {
  /** What all sessions on this server have in common. */
  readonly sessions?: ServerSessions;
  /** Adds a poll, before the start. */
  add(poll: WatchedPoll): void;
  /** Has a session closed when all polls have ended. */
  closes(session: { close(): Promise<void> }): void;
  /** Lets the polls that are added afterwards ask only while this collector holds a lock on the server. */
  lead?(election: Election): void;
}

/** How it is decided which of several collectors polls a server. */
export interface Election {
  readonly lock: LeaseLock;
  /** The session that holds the lock, and whose turn it is there. */
  readonly source: GuardedSource;
  readonly turn: Turn;
  /** How often a collector that stands by asks for the lock, in milliseconds. */
  readonly intervalMs: number;
}

export interface ServerWatchOptions {
  readonly host: Host;
  readonly next: Consumers;
  readonly watched: WatchedDatabase;
  readonly breaker: BreakerSettings;
  /** Before the first poll, in milliseconds. */
  readonly initialDelay: number;
  /** Longest time of one poll in milliseconds; 0 stands for its interval. */
  readonly timeout: number;
  /** Where problems go. Default: a board of its own. */
  readonly problems?: Problems;
  /** Share of one core of the server that statements may take before polls become rarer. Default 0.005. */
  readonly mostShare?: number;
}

/** An overload makes no interval longer than this: its end should not be seen much later than it comes. */
const longestStretchedMs = 300_000;
/** The poll that asks for the lease. */
const leasePoll = "lease";
const standardShare = 0.005;

/**
 * Watches one server: each poll at its own interval, all under the breaker of the server, their problems on one board.
 * The poll that is added first is the cheapest: after an outage it is asked before the others.
 */
export class ServerWatch implements PollList {
  readonly sessions: ServerSessions;
  readonly #options: ServerWatchOptions;
  readonly #breakers: BreakerWatch;
  readonly #cost: OwnCost;
  readonly #problems: Problems;
  #begun = Promise.withResolvers<void>();
  readonly #last: LastProblem = {};
  readonly #pollers: { readonly name: string; readonly poller: Poller }[] = [];
  /** Polls that a `retry` has woken and that have not ended since. */
  readonly #woken = new Set<string>();
  #lease: Lease | undefined;
  readonly #checkpoints: Checkpoint[] = [];
  readonly #closing: { close(): Promise<void> }[] = [];

  constructor(options: ServerWatchOptions) {
    const { host, watched, breaker: settings } = options;
    this.#options = options;
    this.sessions = new ServerSessions({ endpoint: watched.endpoint, clock: host.clock });
    this.sessions.guard(breakerGate(host, watched));
    const { next, mostShare = standardShare } = options;
    const { costs } = this.sessions;
    this.#cost = new OwnCost({ host, next, endpoint: watched.endpoint, costs, mostShare, exempt: [leasePoll] });
    this.#breakers = new BreakerWatch({ host, watched, settings });
    this.#problems = options.problems ?? new ProblemBoard(host);
  }

  add({ poll, source, turn, intervalFactor = () => 1, baseline, forget, ...schedule }: WatchedPoll): void {
    const { host, next, watched, initialDelay, timeout } = this.#options;
    const cheapest = this.#pollers.length === 0;
    const guarded = guardedPoll({
      ...{ host, watched, last: this.#last, collectorClass: schedule.name, cheapest, source, poll },
      costs: this.sessions.costs,
    });
    const booked: typeof guarded = (args) =>
      this.sessions.costs.poll(schedule.name, () => guarded(args)).finally(() => this.#cost.polled(schedule.name));
    const learning: typeof guarded = (args) => this.sessions.answers.learn(() => booked(args));
    const asked: typeof guarded =
      turn === undefined ? learning : (args) => turn.take(args.signal, () => learning(args));
    const beginAnew = () => {
      baseline?.forget();
      forget?.();
    };
    const leased = schedule.name === leasePoll ? asked : this.#leased(asked, beginAnew);
    const checkpoint =
      baseline === undefined || this.#lease !== undefined ? undefined : this.#checkpoint(schedule.name, baseline);
    const poller = createPoller({
      ...{ host, next, initialDelay, timeout, ...schedule, instance: watched.endpoint, problems: this.#problems },
      poll: (args) =>
        leased(args)
          .then((result) => withCommit(result, () => checkpoint?.moved()))
          .finally(() => this.#ended(schedule.name)),
      intervalFactor: () => this.#stretch(schedule) * intervalFactor(),
    });
    this.#cost.add(schedule.name, schedule.interval);
    this.#pollers.push({ name: schedule.name, poller });
  }

  lead({ lock, source, turn, intervalMs }: Election): void {
    const { host, watched } = this.#options;
    const onBegin = () => {
      for (const { poller } of this.#pollers) poller.wake();
    };
    const lease = new Lease({ host, endpoint: watched.endpoint, lock, intervalMs, onBegin });
    this.#lease = lease;
    this.sessions.guard(() => {
      if (lease.term === undefined && this.sessions.costs.asking !== leasePoll) throw new NotLeaderError();
    });
    this.add({
      ...{ name: leasePoll, interval: intervalMs / renewals, timeout: intervalMs, poll: lease, source, turn },
      intervalFactor: () => (lease.term === undefined ? renewals : 1),
    });
  }

  closes(session: { close(): Promise<void> }): void {
    this.#closing.push(session);
  }

  async start(): Promise<void> {
    await this.#breakers.start();
    // With a lease nothing is compared with what was read before it.
    if (this.#lease === undefined) await Promise.all(this.#checkpoints.map((checkpoint) => checkpoint.load()));
    if (this.#pollers.length === 0) this.#begun.resolve();
    for (const { poller } of this.#pollers) poller.start();
  }

  /** Resolves when the first poll has ended, after a `retry` all that it woke, whatever they brought. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Whether the server answers; `undefined` before it was asked. */
  get up(): boolean | undefined {
    return this.sessions.answers.up;
  }

  /** Asks again at once for what was left alone: somebody says that it is repaired. Answers whether anything was. */
  retry(): boolean {
    const { host, watched } = this.#options;
    const wasLeftAlone = host.shared(breakers).retry(watched.endpoint);
    if (!wasLeftAlone && this.up !== false) return false;
    this.#begun = Promise.withResolvers<void>();
    for (const { name, poller } of this.#pollers) {
      this.#woken.add(name);
      poller.wake();
    }
    return true;
  }

  /** Lets running polls finish until `signal` is aborted. */
  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    await Promise.all(this.#pollers.map(({ poller }) => poller.stop({ signal })));
    await this.#cost.finish(signal);
    await Promise.all(this.#closing.map((session) => session.close()));
    await Promise.all(this.#checkpoints.map((checkpoint) => checkpoint.finish()));
    await this.#breakers.stop();
  }

  /** Items that were polled and not taken by the next component yet. */
  held(signal: Signal): number {
    return this.#pollers.reduce((sum, { poller }) => sum + poller.held(signal), 0);
  }

  /**
   * Asks while this collector may. What it compares with begins anew with each lease: another one may have reported
   * meanwhile. What was read while the lease ended is left out for the same reason.
   */
  #leased(poll: AskedPoll, beginAnew: () => void): AskedPoll {
    let known: number | undefined;
    return async (args) => {
      const lease = this.#lease;
      if (lease === undefined) return poll(args);
      const { term } = lease;
      if (term === undefined) return { batches: [] };
      if (term !== known) beginAnew();
      known = term;
      const result = await poll(args);
      return lease.term === term ? result : { batches: [] };
    };
  }

  #ended(poll: string): void {
    this.#woken.delete(poll);
    if (this.#woken.size === 0) this.#begun.resolve();
  }

  #checkpoint(poll: string, baseline: Baseline): Checkpoint {
    const checkpoint = new Checkpoint({ host: this.#options.host, name: poll, baseline });
    this.#checkpoints.push(checkpoint);
    return checkpoint;
  }

  /** How many times longer an interval is while the server is overloaded, or the collector costs it too much. */
  #stretch({ name, interval }: Pick<WatchedPoll, "name" | "interval">): number {
    // A lease that is renewed more rarely ends.
    if (name === leasePoll) return 1;
    const { host, watched } = this.#options;
    const { whole, intervalFactor } = host.shared(breakers).database(watched.endpoint, watched.database);
    const own = this.#cost.factor(name);
    // While it is not closed the breaker alone says when the server is asked: longer intervals would add to its delay.
    return whole.state === "closed" ? Math.max(own, Math.min(intervalFactor, longestStretchedMs / interval)) : own;
  }
}

type AskedPoll = (args: { readonly signal: AbortSignal }) => Promise<PollResult>;

function withCommit(result: PollResult, then: () => void): PollResult {
  if (result.commit === undefined) return result;
  return {
    ...result,
    commit: () => {
      result.commit?.();
      then();
    },
  };
}
