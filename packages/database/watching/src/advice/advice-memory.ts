import type { Advice } from "./advice.ts";

/** An advice that was told and still holds. */
export interface OpenAdvice extends Advice {
  /** When it was first seen, by the server's clock. */
  readonly sinceMicros: number;
  /** Looks in a row that did not find it. */
  readonly missed: number;
}

export interface AdviceChanges {
  readonly open: readonly OpenAdvice[];
  readonly appeared: readonly OpenAdvice[];
  readonly resolved: readonly OpenAdvice[];
}

/** So many looks in a row must miss an advice until it counts as resolved: what stands at a limit would come and go. */
const looksToResolve = 2;

/** What has appeared and what is gone. An advice of a rule that was not asked stays as it is. */
export function adviceChanges(args: {
  readonly open: readonly OpenAdvice[];
  readonly found: readonly Advice[];
  /** Rules that were asked. */
  readonly asked: ReadonlySet<string>;
  readonly nowMicros: number;
}): AdviceChanges {
  const { open, found, asked, nowMicros } = args;
  const known = new Map(open.map((advice) => [adviceKey(advice), advice]));
  const present = new Set(found.map(adviceKey));
  const current = found.map((advice) => ({
    ...advice,
    sinceMicros: known.get(adviceKey(advice))?.sinceMicros ?? nowMicros,
    missed: 0,
  }));
  const missing = open.filter((advice) => !present.has(adviceKey(advice)));
  const resolved = missing.filter(({ rule, missed }) => asked.has(rule) && missed + 1 >= looksToResolve);
  const waiting = missing
    .filter((advice) => !resolved.includes(advice))
    .map((advice) => (asked.has(advice.rule) ? { ...advice, missed: advice.missed + 1 } : advice));
  return {
    open: [...current, ...waiting],
    appeared: current.filter((advice) => !known.has(adviceKey(advice))),
    resolved,
  };
}

export function adviceKey({ rule, object }: Advice): string {
  return JSON.stringify([rule, object]);
}
