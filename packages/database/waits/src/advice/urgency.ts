import type { WaitFinding } from "./finding.ts";

/** Sorts the most pressing first; of those as pressing, the one that says most. */
export function byUrgency(one: WaitFinding, other: WaitFinding): number {
  return (
    compare(one.priority, other.priority) ||
    other.impact * other.confidence - one.impact * one.confidence ||
    other.parts.length - one.parts.length ||
    compare(one.code, other.code) ||
    compare(one.database, other.database) ||
    compare(one.query ?? "", other.query ?? "")
  );
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
