import { LRUCache } from "lru-cache";
import { type Bounds, expiringCache } from "../expiring-cache.ts";
import type { Sample } from "./sample.ts";

/** Servers whose time between samplings is known. */
const mostServers = 1000;

/** Statements of a transaction that are told by name; more are counted. */
const mostSummaries = 16;

/** What a session was seen doing last. */
interface Session {
  transaction: string | undefined;
  /** Executions seen in the transaction. */
  executions: number;
  /** What they did, each once, in order. */
  readonly summaries: string[];
  execution: string;
  lastMs: number;
  fingerprint: string | undefined;
  summary: string | undefined;
}

/** A session as one sample more has made it. */
export interface SeenSession {
  readonly executions: number;
  readonly summaries: readonly string[];
  /** How long the sample stands for: since the sample before, where that was of the same execution. */
  readonly seconds: number;
}

/** Sessions by server, with what their transactions have done as far as it was sampled. */
export class SessionMemory {
  readonly #sessions: LRUCache<string, Session>;
  readonly #intervals: LRUCache<string, Interval>;

  constructor(bounds: Bounds) {
    this.#sessions = expiringCache(bounds);
    this.#intervals = new LRUCache({ max: mostServers });
  }

  /** Takes a sample. Samples of a server at one time belong together. */
  see(
    server: string,
    sample: Sample,
    statement: { readonly fingerprint: string; readonly summary: string } | undefined,
    atMs: number,
  ): SeenSession {
    const key = `${server}\n${sample.session}`;
    const known = this.#sessions.get(key);
    const isSameTransaction = known !== undefined && known.transaction === sample.transaction;
    const isSameExecution = known !== undefined && known.execution === sample.execution;
    const interval = this.#interval(server).seconds(atMs);
    const seconds = isSameExecution && atMs > known.lastMs ? (atMs - known.lastMs) / 1000 : interval;
    const session: Session = isSameTransaction ? known : { ...unseen, summaries: [] };
    if (!(isSameTransaction && isSameExecution)) {
      session.executions++;
      const { summary = "" } = statement ?? {};
      if (summary !== "" && session.summaries.length < mostSummaries && !session.summaries.includes(summary)) {
        session.summaries.push(summary);
      }
    }
    session.transaction = sample.transaction;
    session.execution = sample.execution;
    session.lastMs = atMs;
    session.fingerprint = statement?.fingerprint;
    session.summary = statement?.summary;
    this.#sessions.set(key, session);
    return { executions: session.executions, summaries: session.summaries, seconds };
  }

  /** The statement that a session ran when it was last seen. */
  statementOf(server: string, session: string): Pick<Session, "fingerprint" | "summary"> | undefined {
    return this.#sessions.get(`${server}\n${session}`);
  }

  #interval(server: string): Interval {
    let interval = this.#intervals.get(server);
    if (interval === undefined) {
      interval = new Interval();
      this.#intervals.set(server, interval);
    }
    return interval;
  }
}

const unseen = {
  transaction: undefined,
  executions: 0,
  execution: "",
  lastMs: 0,
  fingerprint: undefined,
  summary: undefined,
};

/** How many of the last gaps between samples are looked at. */
const gapsKept = 8;

/** What is assumed before there are two samplings: little, so that the first ones do not outweigh the others. */
const assumedSeconds = 1;

/**
 * The time between two samplings of a server: the shortest of the last gaps, since a sampling that finds nobody at work
 * sends nothing.
 */
class Interval {
  #lastMs = 0;
  readonly #gaps: number[] = [];

  seconds(atMs: number): number {
    if (this.#lastMs > 0 && atMs > this.#lastMs) {
      this.#gaps.push(atMs - this.#lastMs);
      if (this.#gaps.length > gapsKept) this.#gaps.shift();
    }
    this.#lastMs = Math.max(this.#lastMs, atMs);
    return this.#gaps.length === 0 ? assumedSeconds : Math.min(...this.#gaps) / 1000;
  }
}
