import { DbintelError } from "@dbintel/errors";
import { breakers, classifyError } from "@dbintel/guard";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import { databaseProblem, type ProblemContext } from "./problems.ts";

export interface GuardedPollOptions {
  readonly host: Host;
  readonly context: ProblemContext;
  /** Names the statements of this poll to the breaker. */
  readonly collectorClass: string;
  /** Whether no other poll asks less of the server. */
  readonly cheapest: boolean;
  readonly source: { ping(signal: AbortSignal): Promise<void> };
  readonly poll: { poll(args: { readonly signal: AbortSignal }): Promise<PollResult> };
}

/**
 * Polls only while the database's breaker lets it: when that is open the server hears nothing, and afterwards first a
 * ping, then the cheapest poll. A poll that was held back brings nothing but the problem that its last call met.
 */
export function guardedPoll(options: GuardedPollOptions) {
  const { host, context, collectorClass, cheapest, source, poll } = options;
  const registry = host.shared(breakers);
  let met: DbintelError | undefined;
  const heldBack = (): PollResult => ({ batches: [], problems: [met ?? waiting(context)] });
  return async (args: { readonly signal: AbortSignal }): Promise<PollResult> => {
    const admission = registry.database(context.endpoint, context.database).admit(collectorClass, cheapest);
    if (!admission.admitted) return heldBack();
    const startedMs = host.clock.monotonicMs();
    try {
      const pings = admission.stage === "ping";
      if (pings) await source.ping(args.signal);
      const result = pings ? heldBack() : await poll.poll(args);
      if (!pings) met = undefined;
      admission.succeed(host.clock.monotonicMs() - startedMs);
      return result;
    } catch (error) {
      // An abort at shutdown says nothing about the server; one at the poll's deadline does.
      const aborted = classifyError(args.signal.reason) === "other" && args.signal.aborted;
      if (aborted) admission.release();
      else admission.fail(classifyError(args.signal.aborted ? args.signal.reason : error));
      met = databaseProblem(error, context);
      throw met;
    }
  };
}

function waiting({ endpoint }: ProblemContext): DbintelError {
  return new DbintelError(`polls of ${endpoint} are held back while its circuit breaker is open`, {
    code: "DBI_DATABASE_UNREACHABLE",
    hint: "the server was overloaded or away; the collector asks again by itself, first with SELECT 1",
    retryable: true,
  });
}
