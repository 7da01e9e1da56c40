import type { DbintelError } from "@dbintel/errors";
import type { StatementGuard } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";
import { databaseProblem, type ProblemContext } from "../connection/problems.ts";

/** What goes along with the questions of one poll. */
export interface PollQuestions {
  readonly connection: DatabaseConnection;
  readonly guard: StatementGuard;
  readonly problems: DbintelError[];
  readonly signal: AbortSignal;
}

/**
 * Asks for what the rest of a poll is worth having without: `undefined` when the server is left alone, or when it refused,
 * which is a problem of its own. It is asked for again at the next poll.
 */
export async function askPart<T>(args: {
  readonly questions: Omit<PollQuestions, "connection">;
  readonly context: ProblemContext;
  /** The class of the statements, as the breaker knows it. */
  readonly collectorClass: string;
  readonly work: () => Promise<T>;
}): Promise<T | undefined> {
  const { questions, context, collectorClass, work } = args;
  const { guard, problems, signal } = questions;
  try {
    return await guard.ask({ collectorClass, cold: true, work });
  } catch (error) {
    signal.throwIfAborted();
    problems.push(databaseProblem(error, context));
    return undefined;
  }
}
