import { DbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { metricsBuilder, type ResourceInit } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import { addMetric, type MetricDefinition, number, type Row, text } from "@dbintel/watching";
import { databaseProblem, identifier, type ProblemContext } from "../connection/problems.ts";
import { receiverScope } from "../resource.ts";
import type { PgbouncerConsole } from "./pgbouncer-console.ts";
import { poolQueries } from "./pool-metrics.ts";

export interface PoolPollOptions {
  readonly host: Host;
  readonly console: Pick<PgbouncerConsole, "show">;
  readonly resource: ResourceInit;
  /** Of PgBouncer. */
  readonly context: ProblemContext;
  readonly enabled: (definition: MetricDefinition) => boolean;
}

/** Its own console is a database too. */
const ownDatabase = "pgbouncer";

/**
 * Asks PgBouncer for its pools. What goes wrong there is a problem of its own and no failure of the server, whose other
 * polls go on.
 */
export class PoolPoll {
  readonly #options: PoolPollOptions;

  constructor(options: PoolPollOptions) {
    this.#options = options;
  }

  async poll({ signal }: { readonly signal: AbortSignal }): Promise<PollResult> {
    const { host, console, resource, context, enabled } = this.#options;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    const metrics = metricsBuilder().resource(resource).scope(receiverScope(host.build, undefined));
    try {
      for (const { question, labels, metrics: definitions } of poolQueries) {
        const wanted = definitions.filter(enabled);
        if (wanted.length === 0) continue;
        const found = (await console.show(question, signal)).map(withSeconds).filter(isPooled);
        const rows = found.map((row) => ({ ...row, endpoint: context.endpoint }));
        const timeUnixNano = host.clock.unixNano();
        for (const definition of wanted) {
          addMetric({
            metrics,
            definition,
            labels: { ...labels, "dbintel.pgbouncer.endpoint": "endpoint" },
            rows,
            timeUnixNano,
          });
        }
      }
      return { batches: [metrics.build()] };
    } catch (error) {
      signal.throwIfAborted();
      return { batches: [], problems: [poolProblem(error, context)] };
    }
  }
}

function isPooled(row: Row): boolean {
  return text(row, "database") !== ownDatabase && text(row, "name") !== ownDatabase;
}

/** PgBouncer counts in microseconds; how long somebody waits it tells in two columns. */
function withSeconds(row: Row): Row {
  const seconds = (column: string) => (number(row, column) ?? 0) / 1e6;
  return {
    ...row,
    maxwait_s: (number(row, "maxwait") ?? 0) + seconds("maxwait_us"),
    xact_s: seconds("total_xact_time"),
    query_s: seconds("total_query_time"),
    wait_s: seconds("total_wait_time"),
  };
}

function poolProblem(error: unknown, context: ProblemContext): DbintelError {
  const message = error instanceof Error ? error.message : String(error);
  const { endpoint, username } = context;
  if (!message.includes("not allowed")) return databaseProblem(error, context);
  return new DbintelError(
    `user ${identifier(username)} may not use the console of PgBouncer at ${endpoint}: ${message}`,
    {
      code: "DBI_DATABASE_PERMISSION",
      hint: `add it to stats_users in pgbouncer.ini and run RELOAD in PgBouncer's console: stats_users = ${username}`,
      retryable: false,
    },
  );
}
