import { isUnusual } from "./severity.ts";
import { items, type Rule } from "./sign.ts";

/** What one deadlock is taken to cost: what the ended transaction did is lost, and the others have waited for it. */
const shareOfOne = 0.1;
const mostShare = 0.5;

/** The server has ended transactions that waited for each other. */
export const deadlocks: Rule = ({ deadlocks: seen, settings }) => {
  if (seen === undefined || seen.count === 0) return [];
  const { count, sessions, windowSeconds, relations, queries, made } = seen;
  const impact = Math.min(mostShare, shareOfOne * count);
  const usually = made !== undefined && !isUnusual(made, settings.unusualRatio);
  return [
    {
      code: "deadlocks",
      impact,
      // That there were deadlocks is certain, what they cost is not.
      confidence: usually ? 0.5 : 1,
      weight: { share: impact, sessions: count, usual: made },
      evidence: items({
        deadlocks: [count, "{deadlock}"],
        window: [windowSeconds, "s"],
        sessions: [sessions, "{session}"],
        deadlocks_usually: [made?.usual, "{deadlock}"],
        ratio_to_usual: [made?.ratio, "1"],
        relations: [relations.length === 0 ? undefined : relations.join(", "), ""],
        queries: [queries.length === 0 ? undefined : queries.join(", "), ""],
      }),
      recommendation:
        "Let transactions take their locks in the same order and hold them for less time, find their rows by an index, and repeat the one that the server has ended.",
    },
  ];
};
