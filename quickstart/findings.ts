import type { TopQuery } from "@dbintel/collector";
import { secondsText } from "@dbintel/collector";
import type { Observation } from "./observation.ts";

/** What is worth a look in an interval, in plain words; the most telling first. */
export function findings(observation: Observation): readonly string[] {
  return [
    ...lockWaits(observation),
    ...manySmallCalls(observation),
    ...wholeTables(observation),
    ...slowQueries(observation),
    ...coldCache(observation),
  ];
}

/** Calls a second of one query that make the pattern, and rows a call up to which a query counts as small. */
const manyCalls = { perSecond: 20, rowsPerCall: 2, meanSeconds: 0.005 };

function manySmallCalls({ queries, seconds }: Observation): readonly string[] {
  return queries
    .filter(({ calls, rows, totalSeconds, text }) => {
      const small = rows / calls <= manyCalls.rowsPerCall && totalSeconds / calls <= manyCalls.meanSeconds;
      return /^\s*select\b/i.test(text) && calls >= manyCalls.perSecond * seconds && small;
    })
    .map(
      (query) =>
        `N+1? ${query.calls} calls in ${Math.round(seconds)} s, each for ${rowsText(query)}: ${excerpt(query)}\n` +
        "      one query for the whole list (a join, or = ANY($1)) would save the round trips",
    );
}

/** Rows a call up to which reading all of a table is a waste, and the cost of a plan from which it matters. */
const waste = { rowsPerCall: 2, cost: 100 };

function wholeTables({ queries }: Observation): readonly string[] {
  return queries
    .filter(({ plan, rows, calls }) => {
      return plan?.hasSeqScan === true && plan.cost >= waste.cost && calls > 0 && rows / calls <= waste.rowsPerCall;
    })
    .slice(0, 2)
    .map(
      (query) =>
        `no index? the plan reads all of ${query.plan?.relations} for ${rowsText(query)} a call: ${excerpt(query)}`,
    );
}

function lockWaits({ server }: Observation): readonly string[] {
  const waiting = server.sessions
    .filter(({ waitType }) => waitType === "Lock")
    .reduce((sum, { sessions }) => sum + sessions, 0);
  const idle = server.sessions
    .filter(({ state }) => state.startsWith("idle in transaction"))
    .reduce((sum, { sessions }) => sum + sessions, 0);
  if (waiting === 0) return [];
  const holder = idle > 0 ? `; ${count(idle, "session")} idle in a transaction may hold it` : "";
  return [`${count(waiting, "session")} waiting for a lock${holder}`];
}

/** Mean time and share of the interval from which a query is worth a line. */
const slow = { meanSeconds: 0.1, share: 0.1 };

function slowQueries({ queries }: Observation): readonly string[] {
  const all = queries.reduce((sum, { totalSeconds }) => sum + totalSeconds, 0);
  return queries
    .filter(
      ({ calls, totalSeconds }) =>
        calls > 0 && totalSeconds / calls >= slow.meanSeconds && totalSeconds / all >= slow.share,
    )
    .slice(0, 3)
    .map((query) => {
      const share = Math.round((100 * query.totalSeconds) / all);
      const writes = /^\s*(update|delete|insert|merge)\b/i.test(query.text);
      const reason = writes && query.rows <= query.calls ? ", for one row: it waits for a lock rather than works" : "";
      return `slow: ${share} % of the time, ${secondsText(query.totalSeconds / query.calls)} a call${reason}: ${excerpt(query)}`;
    });
}

function coldCache({ server }: Observation): readonly string[] {
  const ratio = server.cacheHitRatio;
  if (ratio === undefined || ratio >= 0.9) return [];
  return [`only ${(100 * ratio).toFixed(1)} % of the blocks were in the server's cache`];
}

function rowsText({ rows, calls }: TopQuery): string {
  const each = rows / calls;
  return each >= 0.95 && each <= 1.05 ? "one row" : `${each.toFixed(1)} rows`;
}

function excerpt({ text, role, database }: TopQuery): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  if (line === "") return `a statement of ${role || database}`;
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
