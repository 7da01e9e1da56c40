import { DbintelError } from "@dbintel/errors";
import { breakers, classifyError, type GuardedDatabase } from "@dbintel/guard";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import type { StatementCosts } from "./session/statement-costs.ts";
import { type StatementGuard, StatementGuards } from "./statement-guard.ts";
import type { WatchedDatabase } from "./watched-database.ts";

/** Whom a poll asks. */
export interface GuardedSource {
  /** Asks the smallest question there is. */
  ping(signal: AbortSignal): Promise<void>;
  /** How long the server may take for each statement from here on. */
  limit(timeoutMs: number): void;
  /** Leaves the session; the next question opens another, and finds out again whom it talks to. */
  close(): Promise<void>;
}

/** The problem that the polls of a receiver met last. */
export interface LastProblem {
  problem?: DbintelError | undefined;
}

export interface GuardedPollOptions {
  readonly host: Host;
  readonly watched: WatchedDatabase;
  /** One for all polls of a receiver: a poll that was held back before it met anything tells what the others met. */
  readonly last?: LastProblem;
  /** Names the statements of this poll to the breaker. */
  readonly collectorClass: string;
  /** Whether no other poll asks less of the server. */
  readonly cheapest: boolean;
  readonly source: GuardedSource;
  /** Where the cost of statements is booked. */
  readonly costs?: StatementCosts;
  readonly poll: {
    poll(args: { readonly signal: AbortSignal; readonly guard: StatementGuard }): Promise<PollResult>;
  };
}

/**
 * Polls only while the database's breaker lets it: when that is open the server hears nothing, and afterwards first a
 * ping, then the cheapest poll. A poll that was held back brings nothing but the problem that its last call met.
 */
export function guardedPoll(options: GuardedPollOptions) {
  const { host, watched, last = {}, collectorClass, cheapest, source, costs, poll } = options;
  const registry = host.shared(breakers);
  const guards = new StatementGuards({ host, watched, source, ...(costs === undefined ? {} : { costs }) });
  let met: DbintelError | undefined;
  const heldBack = (database: GuardedDatabase): PollResult => {
    const known = met ?? last.problem;
    // It comes back: this poll waits for its turn, and nothing is known to be wrong.
    if (known === undefined && database.whole.state === "half_open") return { batches: [], heldBack: true };
    const problem = known ?? new DbintelError(...waiting(watched));
    const state = stateOf(database) ?? `open for ${collectorClass}`;
    return { batches: [], heldBack: true, problems: [withBreaker(problem, state)] };
  };
  return async (args: { readonly signal: AbortSignal }): Promise<PollResult> => {
    const database = registry.database(watched.endpoint, watched.database);
    const admission = database.admit(collectorClass, cheapest);
    if (!admission.admitted) {
      if (admission.reason !== "shed") return heldBack(database);
      return { batches: [], heldBack: true, problems: [shed(options)] };
    }
    const startedMs = host.clock.monotonicMs();
    try {
      // What answers under this address now may be another server.
      if (admission.rediscover) await source.close();
      source.limit(admission.timeoutMs);
      if (admission.stage === "ping") {
        await source.ping(args.signal);
        admission.succeed(host.clock.monotonicMs() - startedMs);
        return heldBack(database);
      }
      const guard = guards.forPoll({ ...admission, signal: args.signal });
      const result = await poll.poll({ ...args, guard });
      met = undefined;
      last.problem = undefined;
      if (guard.strained) admission.release();
      else admission.succeed(host.clock.monotonicMs() - startedMs);
      return result;
    } catch (error) {
      if (error instanceof NotLeaderError) {
        admission.release();
        return { batches: [] };
      }
      if (error instanceof HeldBackError) {
        admission.release();
        return heldBack(database);
      }
      // An abort at shutdown says nothing about the server; one at the poll's deadline does.
      const aborted = classifyError(args.signal.reason) === "other" && args.signal.aborted;
      if (aborted) admission.release();
      else admission.fail(classifyError(args.signal.aborted ? args.signal.reason : error));
      met = watched.explain(error);
      last.problem = met;
      const state = stateOf(database);
      throw state === undefined ? met : withBreaker(met, state);
    }
  };
}

/** Of a poll that was under way when the breaker opened. */
class HeldBackError extends DbintelError {}

/** Of a poll that was under way when the lease ended: another collector may poll now. */
export class NotLeaderError extends DbintelError {
  constructor() {
    super("another collector may poll now", { code: "DBI_ABORTED", retryable: true });
  }
}

/** Throws while the database's breaker is open: so a poll that was under way when it opened ends with its next query. */
export function breakerGate(host: Host, watched: Pick<WatchedDatabase, "endpoint" | "database">): () => void {
  const registry = host.shared(breakers);
  return () => {
    const { whole } = registry.database(watched.endpoint, watched.database);
    if (whole.mode === "auto" && whole.state === "open") throw new HeldBackError(...waiting(watched));
  };
}

/** The same problem, for the board; its hint says what the breaker does about it. */
function withBreaker({ message, code, hint, retryable, cause }: DbintelError, state: string): DbintelError {
  const said = hint === undefined ? "" : `${hint}; `;
  return new DbintelError(message, {
    code,
    retryable,
    cause,
    hint: `${said}polls are held back, circuit breaker: ${state}`,
  });
}

/** The state of the breaker of all classes together; `undefined` when it is closed. */
function stateOf({ whole }: GuardedDatabase): string | undefined {
  if (whole.state === "closed") return undefined;
  return whole.stage === undefined ? whole.state : `${whole.state}, ${whole.stage}`;
}

function shed({ collectorClass, watched }: GuardedPollOptions): DbintelError {
  return new DbintelError(`${collectorClass} of ${watched.endpoint} are left out while the server is overloaded`, {
    code: "DBI_DATABASE_UNREACHABLE",
    hint: "the collector asks less and more rarely until its statements are answered again; it goes on by itself",
    retryable: true,
  });
}

function waiting({ endpoint }: Pick<WatchedDatabase, "endpoint">): ConstructorParameters<typeof DbintelError> {
  return [
    `polls of ${endpoint} are held back while its circuit breaker is open`,
    {
      code: "DBI_DATABASE_UNREACHABLE",
      hint: "the server was overloaded or away; the collector asks again by itself, first with SELECT 1",
      retryable: true,
    },
  ];
}
