import { FirstAnswer } from "./first-answer.ts";
import type { ServerSessions } from "./server-sessions.ts";
import type { SessionDialect } from "./session-dialect.ts";
import { silence } from "./silence.ts";

export interface LastingSessionOptions<S> {
  readonly dialect: SessionDialect<S>;
  readonly sessions: ServerSessions;
  /** The server gives up any statement after this. */
  readonly statementTimeoutMs: number;
}

/** What one session of the driver is to us. */
interface Live<S> {
  readonly session: S;
  readonly firstAnswer: FirstAnswer;
  /** Once it is set up. */
  begun: boolean;
  /** The limit that the server knows of. */
  limitMs: number;
  /** When the last statement that was answered had been sent. */
  confirmedMs: number | undefined;
  /** The shortest answer so far: the network's and the driver's part of every one. */
  floorMs: number;
}

/** What was given up may take this long to end before its session is left. */
const graceMs = 2000;
const ignore = () => {};

/**
 * One session on a server, opened when it is needed and again after it was lost. One statement at a time.
 *
 * One that is aborted is cancelled on the server; when its answer comes, the session goes on. When none comes the
 * session is left, and no other is opened before the server was seen to have ended it.
 */
export class LastingSession<S> {
  readonly #options: LastingSessionOptions<S>;
  #live: Live<S> | undefined;
  #sessions = 0;
  #limitMs: number;
  /** Until the server has been told to give up the last statement: it would give up the next one. */
  #cancelling: Promise<void> | undefined;

  constructor(options: LastingSessionOptions<S>) {
    this.#options = options;
    this.#limitMs = options.statementTimeoutMs;
  }

  /** Which session this is, counted from 1; `undefined` when there is none. What was found out is true for one session. */
  get number(): number | undefined {
    return this.#live?.begun === true ? this.#sessions : undefined;
  }

  /** The server's number of the session; `undefined` when there is none. */
  get id(): number | undefined {
    return this.#live === undefined ? undefined : this.#options.dialect.id(this.#live.session);
  }

  /** When the last statement that this session answered had been sent: then it was there. */
  get confirmedMs(): number | undefined {
    return this.#live?.confirmedMs;
  }

  /**
   * The server gives up each statement from here on after `timeoutMs`, or after the configured time where that is
   * shorter. Costs a round trip with the next one, and only when it differs from what the server was told last.
   */
  limit(timeoutMs: number): void {
    this.#limitMs = Math.min(this.#options.statementTimeoutMs, Math.ceil(timeoutMs));
  }

  /** Runs what asks one statement. Rejects with what the driver reports, or with the reason of an abort. */
  async run<T>(signal: AbortSignal, work: (session: S) => Promise<T>): Promise<T> {
    try {
      return await this.#try(signal, work);
    } catch (error) {
      if (signal.aborted || this.#live !== undefined) throw error;
      if (!(await this.#options.dialect.renewed(error, signal))) throw error;
      return await this.#try(signal, work);
    }
  }

  async #try<T>(signal: AbortSignal, work: (session: S) => Promise<T>): Promise<T> {
    const { sessions, dialect } = this.#options;
    signal.throwIfAborted();
    sessions.gate();
    await this.#cancelling;
    if (this.#live === undefined) {
      await sessions.left.seenGone({
        nowMs: sessions.clock.monotonicMs(),
        signal,
        remaining: (left) => dialect.remaining(left),
      });
      await dialect.prepare(signal);
      signal.throwIfAborted();
    }
    const live = this.#live ?? this.#create();
    const running = this.#ask(live, work);
    const givenUp = Promise.withResolvers<never>();
    const giveUp = () => {
      void this.#giveUp(live, running).then(() => givenUp.reject(signal.reason));
    };
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await Promise.race([running, givenUp.promise]);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Leaves the session; the next statement opens another. */
  async close(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    if (live !== undefined) await this.#options.dialect.end(live.session);
  }

  #create(): Live<S> {
    const { dialect } = this.#options;
    const session = dialect.create(() => {
      if (this.#live?.session === session) this.#live = undefined;
    });
    const firstAnswer = new FirstAnswer(dialect.socket(session), dialect.greeting);
    const begin = { begun: false, limitMs: 0, confirmedMs: undefined, floorMs: Number.POSITIVE_INFINITY };
    const live = { session, firstAnswer, ...begin };
    this.#live = live;
    return live;
  }

  async #ask<T>(live: Live<S>, work: (session: S) => Promise<T>): Promise<T> {
    const { dialect } = this.#options;
    const { session } = live;
    if (!live.begun) await this.#begin(live);
    const limitMs = this.#limitMs;
    if (live.limitMs !== limitMs) {
      await this.#timed(live, () => dialect.limit(session, limitMs));
      live.limitMs = limitMs;
    }
    return this.#timed(live, () => work(session));
  }

  async #begin(live: Live<S>): Promise<void> {
    const { dialect } = this.#options;
    const limitMs = this.#limitMs;
    try {
      await dialect.begin(live.session, limitMs);
    } catch (error) {
      if (this.#live === live) this.#live = undefined;
      dialect.destroy(live.session);
      throw live.firstAnswer.problem ?? error;
    }
    live.limitMs = limitMs;
    live.begun = true;
    this.#sessions++;
  }

  async #timed<T>(live: Live<S>, work: () => Promise<T>): Promise<T> {
    const { clock, costs, answers } = this.#options.sessions;
    const sentMs = clock.monotonicMs();
    try {
      const answer = await work();
      live.confirmedMs = sentMs;
      answers.answered();
      return answer;
    } finally {
      const tookMs = clock.monotonicMs() - sentMs;
      live.floorMs = Math.min(live.floorMs, tookMs);
      costs.spent(tookMs - live.floorMs);
    }
  }

  /** Resolves when the statement has ended or its session was left. */
  async #giveUp(live: Live<S>, running: Promise<unknown>): Promise<void> {
    const { dialect, sessions } = this.#options;
    let ended = false;
    const answered = running.then(ignore, ignore).then(() => {
      ended = true;
    });
    const id = dialect.id(live.session);
    // Before the session has a number the server runs nothing for it.
    if (id !== undefined) {
      const told = sessions.left.short(new AbortController().signal, () => dialect.cancel(live.session)).catch(ignore);
      this.#cancelling = told;
      await Promise.race([answered, told.then(() => silence(dialect.socket(live.session), graceMs))]);
    }
    if (ended) return;
    if (this.#live === live) this.#live = undefined;
    dialect.destroy(live.session);
    if (id !== undefined) sessions.left.add(id, sessions.clock.monotonicMs());
  }
}
