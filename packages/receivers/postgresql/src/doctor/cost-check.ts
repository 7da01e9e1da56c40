import type { TriedPoll } from "@dbintel/watching";
import type { PostgresqlCheck } from "./checks.ts";

/** The part of its interval that a poll may take before it is worth a word. */
const largestShare = 0.1;

/** What a part cost, and what did not work of it. */
export function costCheck({ name, milliseconds, items, interval, problems }: TriedPoll): readonly PostgresqlCheck[] {
  const code = "PG-COST-001";
  const told = `${name}: ${milliseconds.toFixed(1)} ms, ${items} records and data points`;
  if (problems.length > 0) {
    return problems.map(({ message, hint }) => ({ code, status: "fail", message: `${name}: ${message}`, hint }));
  }
  if (milliseconds <= interval * largestShare) return [{ code, status: "ok", message: told }];
  const message = `${told}, which is more than a tenth of its interval of ${interval / 1000} s`;
  return [{ code, status: "warn", message, hint: "make the interval longer" }];
}
