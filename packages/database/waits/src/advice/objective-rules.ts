import { waitingShare } from "../profile/wait-profile.ts";
import { items, type Rule, statementShare, weightOf } from "./sign.ts";

/** A statement takes longer than it may, and most of that it waits: what it waits for decides, not what it computes. */
export const slowByWaits: Rule = (scene) => {
  const { query, waits, counters, settings } = scene;
  if (query === undefined || waits === undefined || counters === undefined) return [];
  if (waits.samples < settings.minSamples || counters.calls < settings.minCalls) return [];
  const meanSeconds = counters.seconds / counters.calls;
  const { share, low } = waitingShare(waits);
  if (meanSeconds < settings.objectiveSeconds || low < settings.objectiveWaitShare) return [];
  const impact = statementShare(scene) * share;
  return [
    {
      code: "slow_by_waits",
      impact,
      confidence: low / share,
      weight: weightOf(scene, impact),
      evidence: items({
        mean_time: [meanSeconds, "s"],
        objective: [settings.objectiveSeconds, "s"],
        executions: [counters.calls, "{execution}"],
        waiting_share: [share, "1"],
        samples: [waits.samples, "{sample}"],
        load_share: [statementShare(scene), "1"],
      }),
      recommendation: "See what the statement waits for before its plan: most of its time is none of its own work.",
    },
  ];
};
