import type { TableUsage } from "./index-usage.ts";

/** Since when a server counts what indexes are used for, and what shows that it still does. */
export interface Counting {
  /** When the server was started, microseconds since 1970 by its own clock. */
  readonly startedMicros: number;
  readonly sinceMicros: number;
  /** The tables that were used most, and what was counted of each. */
  readonly busiest: readonly (readonly [table: string, total: number])[];
}

/** The uptime is in whole seconds, and clocks are set: what differs by less than this is the same start. */
const sameStartMicros = 60_000_000;
const mostBusiest = 10;

/**
 * The server does not tell when somebody has emptied its summaries or turned them off and on: then the counts of the
 * tables that were used most are smaller than at the last look. Of one table alone that says nothing, it may have been
 * made anew; and what happened before the first look nobody knows.
 */
export function countedSince(args: {
  readonly known: Counting | undefined;
  readonly startedMicros: number;
  readonly nowMicros: number;
  /** `undefined` when nothing is counted at this moment. */
  readonly usage: ReadonlyMap<string, TableUsage> | undefined;
}): Counting {
  const { known, startedMicros, nowMicros, usage } = args;
  if (usage === undefined) return { startedMicros, sinceMicros: nowMicros, busiest: [] };
  const busiest = [...usage]
    .map(([table, { total }]) => [table, total] as const)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, mostBusiest);
  const isSameStart = known !== undefined && Math.abs(known.startedMicros - startedMicros) < sameStartMicros;
  if (!isSameStart) return { startedMicros, sinceMicros: startedMicros, busiest };
  const present = known.busiest.flatMap(([table, before]) => {
    const now = usage.get(table)?.total;
    return now === undefined ? [] : [now < before];
  });
  const begunAnew = present.length > 0 && present.every((fell) => fell);
  return { startedMicros, sinceMicros: begunAnew ? nowMicros : known.sinceMicros, busiest };
}
