import type { AnyValue } from "@dbintel/pdata";
import type { QueryCorrelatorConfig } from "../config.ts";
import type { Load } from "./load.ts";

/** What a statement is to its database in one interval. */
export interface Weight {
  /** 0 to 1; absent where no time passed. */
  readonly share: number | undefined;
  readonly sessions: number | undefined;
  readonly category: string | undefined;
  readonly performance: string | undefined;
}

/** `total` is the time of all statements of the database, in seconds. What sums several statements is in no category. */
export function weightOf(
  { counters, sessions, other }: Load,
  total: number,
  thresholds: QueryCorrelatorConfig["query_categorization"],
): Weight {
  const { calls, seconds } = counters;
  const share = total > 0 ? seconds / total : undefined;
  return {
    share,
    sessions,
    category: share === undefined || other ? undefined : loadCategory(share, thresholds),
    performance: calls > 0 && !other ? performanceOf((seconds / calls) * 1000, thresholds) : undefined,
  };
}

export function weightAttributes(weight: Weight): Readonly<Record<string, AnyValue | undefined>> {
  return {
    "db.query.load.share": weight.share,
    "db.query.load.sessions": weight.sessions,
    "db.query.load.category": weight.category,
    "db.query.performance.category": weight.performance,
  };
}

function loadCategory(share: number, thresholds: QueryCorrelatorConfig["query_categorization"]): string {
  if (share >= thresholds.heavy_share) return "heavy";
  return share >= thresholds.notable_share ? "notable" : "light";
}

function performanceOf(meanMs: number, thresholds: QueryCorrelatorConfig["query_categorization"]): string {
  if (meanMs >= thresholds.slow) return "slow";
  return meanMs >= thresholds.moderate ? "moderate" : "fast";
}
