import { DbintelError } from "@dbintel/errors";
import { metricsBuilder } from "@dbintel/pdata";
import type { PollResult } from "@dbintel/polling";
import { addMetric, type MetricDefinition } from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import { databaseProblem, isAnswer } from "../connection/problems.ts";
import { instanceResource, receiverScope } from "../resource.ts";
import type { WatchedServer } from "../watched-server.ts";
import { type CanaryOutcome, canaryMetrics, canaryRow } from "./canary-metrics.ts";
import type { CanarySettings } from "./settings.ts";

export interface CanaryPollOptions extends Pick<WatchedServer, "host" | "instance" | "context"> {
  readonly server: KnownServer;
  readonly settings: CanarySettings;
  readonly enabled: (definition: MetricDefinition) => boolean;
}

/** What is taken of the answer. */
const mostRows = 100;

/**
 * Runs one query in the session of the other polls and tells how long the answer took, as an application would see it.
 * A run that met nobody is counted when the server answers again. One at a time: the next begins when this one has ended,
 * whatever became of it.
 */
export class CanaryPoll {
  readonly #options: CanaryPollOptions;
  readonly #counts = new Map<CanaryOutcome, bigint>();
  #startMicros: bigint | undefined;

  constructor(options: CanaryPollOptions) {
    this.#options = options;
  }

  async poll({ signal }: { readonly signal: AbortSignal }): Promise<PollResult> {
    const { host, server, context } = this.#options;
    this.#startMicros ??= host.clock.unixNano() / 1000n;
    try {
      const capabilities = await server.capabilities(signal);
      const { latencySeconds, problem } = await this.#run(signal);
      const metrics = metricsBuilder()
        .resource(instanceResource(this.#options.instance, capabilities))
        .scope(receiverScope(host.build, capabilities));
      const rows = [canaryRow({ counts: this.#counts, startMicros: this.#startMicros, latencySeconds })];
      const timeUnixNano = host.clock.unixNano();
      for (const definition of canaryMetrics.filter(this.#options.enabled)) {
        addMetric({ metrics, definition, labels: undefined, rows, timeUnixNano });
      }
      return { batches: [metrics.build()], problems: problem === undefined ? [] : [problem] };
    } catch (error) {
      this.#count("unreachable");
      throw databaseProblem(error, context);
    }
  }

  /** An answer is the query's own matter, and says nothing of the server's health to the breaker. */
  async #run(signal: AbortSignal): Promise<{ readonly latencySeconds?: number; readonly problem?: DbintelError }> {
    const { host, server, settings, context } = this.#options;
    const { connection } = server;
    // The line break ends a comment that the query may end with.
    const sql = `SELECT q.* FROM (\n${settings.query.trim().replace(/[;\s]+$/, "")}\n) AS q LIMIT ${mostRows}`;
    // What opens a session is no part of the answer's time.
    await connection.ping(signal);
    connection.limit(settings.timeout);
    const startMs = host.clock.monotonicMs();
    try {
      await connection.query(sql, [], signal);
      this.#count("success");
      return { latencySeconds: (host.clock.monotonicMs() - startMs) / 1000 };
    } catch (error) {
      if (!isAnswer(error)) throw error;
      const { message, code, cause } = databaseProblem(error, context);
      this.#count(code === "DBI_TIMEOUT" ? "timeout" : "error");
      const hint = "see canary in the configuration; an application would meet the same";
      return {
        problem: new DbintelError(`the canary query failed: ${message}`, { code, cause, hint, retryable: true }),
      };
    }
  }

  #count(outcome: CanaryOutcome): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0n) + 1n);
  }
}
