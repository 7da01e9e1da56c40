import type { TopQuery } from "@dbintel/collector";
import { secondsText, topQueryTable } from "@dbintel/collector";
import { findings } from "./findings.ts";
import type { Observation, ServerState } from "./observation.ts";

/** One screenful on an interval: the costliest queries, the server in a line, what is notable. */
export function report(
  observation: Observation,
  options: {
    readonly columns: number | undefined;
    /** Where several servers are watched. */
    readonly server?: string | undefined;
  },
): string {
  const { at, seconds, queries, server, planChanges } = observation;
  const calls = queries.reduce((sum, query) => sum + query.calls, 0);
  const time = queries.reduce((sum, query) => sum + query.totalSeconds, 0);
  const shown = queries.map((query) => ({ ...query, text: textOf(query) }));
  const notable = [...planChanges, ...findings(observation)].map((line) => `  ! ${line}`);
  return [
    "",
    `${at.toTimeString().slice(0, 8)}  ${options.server === undefined ? "" : `${options.server}: `}${calls} calls of ${queries.length} statements in ${secondsText(seconds)}, ${secondsText(time)} of database time`,
    topQueryTable(shown, { limit: 8, columns: options.columns ?? 160 }),
    serverLine(server),
    ...waitsLine(server),
    ...planLine(queries),
    ...observation.blocking,
    ...notable,
  ].join("\n");
}

/** On one line. One row sums what had no event of its own; a text may come an interval later. */
function textOf({ text, other }: TopQuery): string {
  return text.replaceAll(/\s+/g, " ").trim() || (other ? "(all others)" : "(text not known yet)");
}

function serverLine(server: ServerState): string {
  const sessions = server.sessions.map(({ state, waitType, sessions: count }) =>
    waitType === "" ? `${count} ${state}` : `${count} ${state}, waiting for ${waitType}`,
  );
  const parts = [
    sessions.length === 0 ? undefined : `sessions: ${sessions.join(" · ")}`,
    server.connections === undefined
      ? undefined
      : `connections ${server.connections} of ${server.maxConnections ?? "?"}`,
    perSecond("statements", server.queriesPerSecond),
    perSecond("commits", server.commitsPerSecond),
    perSecond("rollbacks", server.rollbacksPerSecond),
    server.cacheHitRatio === undefined ? undefined : `cache hits ${(100 * server.cacheHitRatio).toFixed(1)} %`,
    server.locks === undefined ? undefined : `locks ${server.locks}`,
  ];
  return parts.filter((part) => part !== undefined).join(" | ");
}

/** What active sessions did: computing, or waiting for what. */
function waitsLine({ waits }: ServerState): readonly string[] {
  const shown = waits.filter(({ share }) => share >= 0.01).slice(0, 5);
  if (shown.length === 0) return [];
  return [
    `active time: ${shown.map(({ waitClass, share }) => `${Math.round(100 * share)} % ${waitClass}`).join(" · ")}`,
  ];
}

/** The plan of the costliest statement that has one. */
function planLine(queries: readonly TopQuery[]): readonly string[] {
  const [planned] = queries.filter(({ plan }) => plan !== undefined);
  if (planned?.plan === undefined) return [];
  const { operation, relations, cost, hasSeqScan } = planned.plan;
  const whole = hasSeqScan ? ", reading all of a table" : "";
  const text = textOf(planned);
  const excerpt = text.length <= 60 ? text : `${text.slice(0, 59)}…`;
  const over = relations === "" ? "" : ` over ${relations}`;
  return [`plan: ${operation}${over}, cost ${Math.round(cost)}${whole}: ${excerpt}`];
}

function perSecond(name: string, rate: number | undefined): string | undefined {
  return rate === undefined ? undefined : `${name} ${rate.toFixed(1)}/s`;
}
