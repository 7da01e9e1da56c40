import type { DbintelError } from "@dbintel/errors";
import type { Host } from "@dbintel/pipeline";
import type { PollList, WatchedPoll } from "../server-watch.ts";
import { StatementGuards } from "../statement-guard.ts";
import type { WatchedDatabase } from "../watched-database.ts";

/** What one poll came to. */
export interface TriedPoll {
  readonly name: string;
  readonly milliseconds: number;
  /** Records and data points that it brought. */
  readonly items: number;
  /** From one to the next, in milliseconds. */
  readonly interval: number;
  readonly problems: readonly DbintelError[];
}

/** Takes the polls of a receiver's parts and makes each of them once: what comes is counted and thrown away. */
export class PollTrial implements PollList {
  readonly #polls: WatchedPoll[] = [];
  readonly #sessions: { close(): Promise<void> }[] = [];

  add(poll: WatchedPoll): void {
    this.#polls.push(poll);
  }

  closes(session: { close(): Promise<void> }): void {
    this.#sessions.push(session);
  }

  /** One poll after the other, in the order in which they were added. Rejects only when `signal` is aborted. */
  async *run(args: {
    readonly host: Host;
    readonly watched: WatchedDatabase;
    /** How long the server may take for each statement. */
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  }): AsyncGenerator<TriedPoll> {
    const { host, watched, timeoutMs, signal } = args;
    for (const { name, interval, poll, source, turn } of this.#polls) {
      const startedMs = host.clock.monotonicMs();
      const guard = new StatementGuards({ host, watched, source }).forPoll({ stage: undefined, timeoutMs, signal });
      const work = () => poll.poll({ signal, guard });
      const outcome = await (turn === undefined ? work() : turn.take(signal, work)).catch((error: unknown) => {
        signal.throwIfAborted();
        return { batches: [], problems: [watched.explain(error)] };
      });
      yield {
        ...{ name, interval, problems: outcome.problems ?? [] },
        milliseconds: host.clock.monotonicMs() - startedMs,
        items: outcome.batches.reduce((sum, batch) => sum + batch.count, 0),
      };
    }
  }

  /** Closes the sessions of all polls. */
  async close(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
  }
}
