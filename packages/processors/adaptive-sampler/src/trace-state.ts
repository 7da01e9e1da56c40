import { none } from "./sampling/candidates.ts";

const member = /(?:^|,)[ \t]*ot=([^,]*)[ \t]*/;
const threshold = /(?:^|;)th:([0-9a-f]{1,14})(?=;|$)/;
const random = /(?:^|;)rv:([0-9a-f]{14})(?=;|$)/;
const traceIdPattern = /^[0-9a-f]{32}$/;

/** Of the 56 bits of a threshold and of randomness, those that a double holds exactly and that are compared here. */
const digits = 12;

/**
 * The randomness of a trace: the upper 48 of the last 56 bits of its id (W3C Trace Context level 2, random trace id).
 * `none` for an id that is none.
 */
export function randomnessOf(traceId: string): number {
  return traceIdPattern.test(traceId) ? Number.parseInt(traceId.slice(18, 18 + digits), 16) : none;
}

/** What the member `ot` of a trace state says; `none` where it says nothing. */
export function readTraceState(traceState: string): { readonly threshold: number; readonly randomness: number } {
  const value = member.exec(traceState)?.[1] ?? "";
  const th = threshold.exec(value)?.[1];
  const rv = random.exec(value)?.[1];
  return {
    threshold: th === undefined ? none : thresholdOf(th),
    randomness: rv === undefined ? none : Number.parseInt(rv.slice(0, digits), 16),
  };
}

/** Rounded up, so that whoever passes it has passed the longer one. */
function thresholdOf(th: string): number {
  const upper = Number.parseInt(th.slice(0, digits).padEnd(digits, "0"), 16);
  return /[^0]/.test(th.slice(digits)) ? upper + 1 : upper;
}

/**
 * The trace state with another threshold (OpenTelemetry, TraceState: Probability Sampling), or without one. The
 * member `ot` moves to the front, as W3C asks of whoever changes a member; everything else stays.
 */
export function writeThreshold(traceState: string, value: number | undefined): string {
  const parts = (member.exec(traceState)?.[1] ?? "")
    .split(";")
    .filter((part) => part !== "" && !part.startsWith("th:"));
  if (value !== undefined) parts.unshift(`th:${value.toString(16).padStart(digits, "0").replace(/0+$/, "") || "0"}`);
  const others = traceState
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "" && !entry.startsWith("ot="));
  return (parts.length === 0 ? others : [`ot=${parts.join(";")}`, ...others]).join(",");
}
