import type { Comparison } from "../baseline/baselines.ts";
import { type Priority, type Severity, severities } from "./finding.ts";

/** What a severity is judged by. All of it is measured; what is absent is not guessed. */
export interface Weight {
  /** Share of the database's time, 0 to 1. */
  readonly share: number;
  /** Average active sessions that are lost to it. */
  readonly sessions: number;
  /** The load against what is usual at that hour. */
  readonly usual?: Comparison | undefined;
  /** Sessions that wait at this moment. */
  readonly affectedSessions?: number | undefined;
  /** The longest that one of them has waited. */
  readonly longestSeconds?: number | undefined;
}

/** A value is unusual when it is so by its ratio and by its deviation: the one alone is noise, the other a trifle. */
export function isUnusual(comparison: Comparison | undefined, ratio: number): boolean {
  return comparison !== undefined && comparison.ratio >= ratio && comparison.deviations >= 3;
}

/**
 * Half of the database's time is high, a quarter medium. What is unusual is one step more severe and what is as on any
 * other day one step less, and so are sessions that pile up. What takes less than half a session is never more than medium.
 */
export function severityOf({ share, sessions, usual, affectedSessions = 0, longestSeconds = 0 }: Weight): Severity {
  let level = share >= 0.5 ? 2 : share >= 0.25 ? 1 : 0;
  if (isUnusual(usual, 2)) level++;
  else if (usual !== undefined && usual.ratio < 1.5) level--;
  if (affectedSessions >= 10) level++;
  if (longestSeconds >= 60) level++;
  const most = sessions < 0.5 && affectedSessions < 10 && longestSeconds < 60 ? 1 : severities.length - 1;
  return severities[Math.max(0, Math.min(level, most))] ?? "low";
}

/** What costs half of the database's time for certain comes first. */
export function priorityOf(impact: number, confidence: number): Priority {
  const score = impact * confidence;
  if (score >= 0.5) return "P0";
  if (score >= 0.25) return "P1";
  return score >= 0.1 ? "P2" : "P3";
}
