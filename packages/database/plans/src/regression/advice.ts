import { findingsOf } from "../findings/findings.ts";
import type { Plan } from "../plan.ts";
import { diffPlans } from "../plan-diff.ts";
import type { RegressionCause } from "./events.ts";

/** More would hide the first. */
const mostAdvice = 3;

const byCause: Readonly<Record<RegressionCause, string | undefined>> = {
  lock: "Its sessions wait for locks: look for the session at the root of the blocking, and for long transactions.",
  io: "The same plan waits for disks: look for what else reads and writes, and for the limits of the storage.",
  plan_change: "Check whether statistics are fresh (ANALYZE), and what has changed: settings, indexes, the version.",
  data_growth: "It returns more rows than before: check whether all are needed, and whether its indexes still fit.",
  parameter_shift: "Other values than usual: check whether a plan for all values serves these badly (plan_cache_mode).",
  cache: "The same plan reads more from outside the cache: look for what else fills it, or a table that has grown.",
  drift: "It slows down bit by bit: look for a table or index that grows or is bloated (VACUUM, REINDEX).",
  unknown: undefined,
};

/**
 * What to do about a statement that has become slower, the most telling first, at most three: indexes that its plan no
 * longer uses, what is wrong with the plan now and was not before, and what the cause suggests.
 */
export function regressionAdvice({
  cause,
  before,
  after,
}: {
  readonly cause: RegressionCause;
  readonly before: Plan | undefined;
  readonly after: Plan | undefined;
}): readonly string[] {
  const advice =
    before === undefined || after === undefined ? [] : [...lostIndexes(before, after), ...news(before, after)];
  const last = byCause[cause];
  if (last !== undefined) advice.push(last);
  return [...new Set(advice)].slice(0, mostAdvice);
}

function lostIndexes(before: Plan, after: Plan): readonly string[] {
  return diffPlans(before, after).flatMap((difference) => {
    if (difference.kind !== "access_changed") return [];
    return difference.before.indexes
      .filter((index) => !difference.after.indexes.includes(index))
      .map((index) => `Check that the index ${index} of ${difference.relation} still exists and is valid.`);
  });
}

function news(before: Plan, after: Plan): readonly string[] {
  const known = new Set(findingsOf(before).map(({ id, relation }) => `${id} ${relation}`));
  return findingsOf(after)
    .filter(({ id, relation }) => !known.has(`${id} ${relation}`))
    .map(({ recommendation }) => recommendation);
}
