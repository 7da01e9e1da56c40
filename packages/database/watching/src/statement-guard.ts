import type { DbintelError } from "@dbintel/errors";
import { breakers, classifyError, type GuardedDatabase, type ProbeStage } from "@dbintel/guard";
import type { Host } from "@dbintel/pipeline";
import type { GuardedSource } from "./guarded-poll.ts";
import type { StatementCosts } from "./session/statement-costs.ts";
import type { WatchedDatabase } from "./watched-database.ts";

/** Some statements of a poll. */
export interface GuardedWork<T> {
  /** Their class, as the breaker knows it. */
  readonly collectorClass: string;
  /** Whether a poll that probes the server leaves them out. */
  readonly cold: boolean;
  readonly work: () => Promise<T>;
}

/** Stands before each class of statements that one poll is made of. */
export interface StatementGuard {
  /**
   * Runs `work` if the breaker of its class lets it; `undefined` when it does not. Rejects with a `DbintelError` when
   * the rest of the poll can go on: with what `work` met, now or the last time. Any other error ends the poll.
   */
  ask<T>(args: GuardedWork<T>): Promise<T | undefined>;
  /** Whether the server was at fault in what was asked, so that the poll as a whole is no success. */
  readonly strained: boolean;
}

export interface StatementGuardsOptions {
  readonly host: Host;
  readonly watched: WatchedDatabase;
  readonly source: Pick<GuardedSource, "ping" | "limit">;
  /** Where the cost of statements is booked. */
  readonly costs?: StatementCosts;
}

/** A poll as the breaker has let it through. */
export interface AdmittedPoll {
  /** Set when the poll itself is a probe. */
  readonly stage: ProbeStage | undefined;
  /** How long the server may take for each of the poll's own statements. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Makes the guards of polls that follow each other, and remembers what holds a class back. */
export class StatementGuards {
  readonly #options: StatementGuardsOptions;
  /** By class; a receiver has a fixed number of them. */
  readonly #met = new Map<string, DbintelError>();

  constructor(options: StatementGuardsOptions) {
    this.#options = options;
  }

  /** For the next poll. */
  forPoll(poll: AdmittedPoll): StatementGuard {
    if (poll.stage !== undefined) return { strained: false, ask: (args) => this.#probe(this.#booked(args)) };
    let strained = false;
    return {
      get strained() {
        return strained;
      },
      ask: async (args) => {
        try {
          return await this.#ask(this.#booked(args), poll);
        } catch (error) {
          strained ||= strains(error);
          throw error;
        }
      },
    };
  }

  async #ask<T>({ collectorClass, work }: GuardedWork<T>, poll: AdmittedPoll): Promise<T | undefined> {
    const { host, source, watched } = this.#options;
    const { clock } = host;
    const admission = this.#database.admit(collectorClass, false);
    if (!admission.admitted) return this.#heldBack(collectorClass);
    const startedMs = clock.monotonicMs();
    try {
      if (admission.stage === "ping") {
        await source.ping(poll.signal);
        admission.succeed(clock.monotonicMs() - startedMs);
        return this.#heldBack(collectorClass);
      }
      source.limit(admission.timeoutMs);
      const answer = await work();
      admission.succeed(clock.monotonicMs() - startedMs);
      this.#met.delete(collectorClass);
      return answer;
    } catch (error) {
      if (!watched.answered(error)) {
        // The session is lost: whoever runs the poll tells the breaker, once.
        admission.release();
        throw error;
      }
      const errorClass = classifyError(error);
      // Who is refused a session here, to another database, has one on the server.
      admission.fail(errorClass === "login" ? "configuration" : errorClass);
      const problem = watched.explain(error);
      this.#met.set(collectorClass, problem);
      throw problem;
    } finally {
      source.limit(poll.timeoutMs);
    }
  }

  /** A probe asks what it must, and what the server is at fault for is its outcome. */
  async #probe<T>({ cold, work }: GuardedWork<T>): Promise<T | undefined> {
    const { watched } = this.#options;
    try {
      return cold ? undefined : await work();
    } catch (error) {
      if (!watched.answered(error) || strains(error)) throw error;
      throw watched.explain(error);
    }
  }

  /** The same, with its cost booked to its class. */
  #booked<T>(args: GuardedWork<T>): GuardedWork<T> {
    const { costs } = this.#options;
    return costs === undefined ? args : { ...args, work: () => costs.within(args.collectorClass, args.work) };
  }

  #heldBack(collectorClass: string): undefined {
    const problem = this.#met.get(collectorClass);
    if (problem !== undefined) throw problem;
  }

  get #database(): GuardedDatabase {
    const { host, watched } = this.#options;
    return host.shared(breakers).database(watched.endpoint, watched.database);
  }
}

/** Whether the server is at fault, and not the statement or its grants. */
function strains(error: unknown): boolean {
  const errorClass = classifyError(error);
  return errorClass === "overload" || errorClass === "failover";
}
