import { planHashes, readPlan } from "@dbintel/plans";
import { explainJson } from "../plans/explain-json.ts";
import type { LogEntry } from "./log-entry.ts";

/** A plan that auto_explain has logged, without any constant. */
export interface LoggedPlan {
  /** EXPLAIN's JSON. */
  readonly plan: string;
  /** The full hash of `@dbintel/plans`. */
  readonly hash: string;
  readonly durationMs: number | undefined;
  /** The statement, redacted. */
  readonly text: string | undefined;
  readonly fingerprint: string | undefined;
  readonly queryId: string | undefined;
}

/** A plan that is longer does not leave. */
const longestPlan = 131_072;
const begins = /^duration: [\d.]+ ms {2}plan:\n/;

export function isLoggedPlan({ message }: LogEntry): boolean {
  return begins.test(message);
}

/** `undefined` for what is no plan that can be read: cut off, or in the formats XML and YAML. */
export function loggedPlanOf({ message, queryId }: LogEntry): LoggedPlan | undefined {
  const { plan } = readPlan(message, { syntax: "postgresql" });
  if (plan === undefined) return undefined;
  const anonymous = explainJson(plan);
  if (anonymous.length > longestPlan) return undefined;
  return {
    plan: anonymous,
    hash: planHashes(plan).full,
    durationMs: plan.executionMs,
    text: plan.query?.text,
    fingerprint: plan.query?.fingerprint,
    queryId: plan.queryId ?? queryId,
  };
}
