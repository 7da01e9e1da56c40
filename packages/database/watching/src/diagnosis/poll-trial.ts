import type { DbintelError } from "@dbintel/errors";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import type { PollList, WatchedPoll } from "../server-watch.ts";
import { ServerSessions } from "../session/server-sessions.ts";
import { StatementGuards } from "../statement-guard.ts";
import type { WatchedDatabase } from "../watched-database.ts";

/** What one poll came to. */
export interface TriedPoll {
  readonly name: string;
  readonly milliseconds: number;
  /** What its statements took in the database: a second time, as the first looks at everything. */
  readonly databaseMs: number;
  /** Records and data points that it brought. */
  readonly items: number;
  /** From one to the next, in milliseconds. */
  readonly interval: number;
  readonly problems: readonly DbintelError[];
}

/** Takes the polls of a receiver's parts and makes each of them twice: what comes is counted and thrown away. */
export class PollTrial implements PollList {
  readonly sessions = new ServerSessions({ endpoint: "the server" });
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
    const { costs } = this.sessions;
    let databaseMs = 0;
    costs.listen(({ milliseconds }) => {
      databaseMs += milliseconds;
    });
    for (const { name, interval, poll, source, turn } of this.#polls) {
      const guard = () =>
        new StatementGuards({ host, watched, source }).forPoll({ stage: undefined, timeoutMs, signal });
      const work = () => costs.poll(name, () => poll.poll({ signal, guard: guard() }));
      const attempt = () =>
        (turn === undefined ? work() : turn.take(signal, work)).catch((error: unknown): PollResult => {
          signal.throwIfAborted();
          return { batches: [], problems: [watched.explain(error)] };
        });
      const startedMs = host.clock.monotonicMs();
      const outcome = await attempt();
      const milliseconds = host.clock.monotonicMs() - startedMs;
      const problems = outcome.problems ?? [];
      databaseMs = 0;
      if (problems.length === 0) {
        outcome.commit?.();
        await attempt();
      }
      const items = outcome.batches.reduce((sum, batch) => sum + batch.count, 0);
      yield { name, interval, problems, milliseconds, databaseMs, items };
    }
  }

  /** Closes the sessions of all polls. */
  async close(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
  }
}
