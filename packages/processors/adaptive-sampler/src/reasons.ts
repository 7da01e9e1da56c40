import { type KeepAlwaysClass, keepAlwaysClasses } from "./config.ts";
import type { Rule } from "./rule.ts";
import { minimum, ordinary } from "./sampling/candidates.ts";

const classReasons: Readonly<Record<KeepAlwaysClass, string>> = {
  deadlocks: "deadlock",
  errors: "error",
  blocking: "blocking",
  new_fingerprints: "new_fingerprint",
  new_plans: "new_plan",
  slow: "slow",
};

/** The number of a class among candidates: from 1. */
export function classNumber(name: KeepAlwaysClass): number {
  return ordinary + 1 + keepAlwaysClasses.indexOf(name);
}

/** What `sampling.reason` says, by what the sampler says by number. */
export function keptReasons<T>(rules: readonly Rule<T>[]): {
  readonly byGroup: readonly string[];
  readonly byGuarantee: readonly string[];
} {
  const byGuarantee: string[] = [];
  for (const name of keepAlwaysClasses) byGuarantee[classNumber(name)] = classReasons[name];
  byGuarantee[minimum] = "minimum_per_key";
  return { byGroup: rules.map(({ name }) => (name === undefined ? "default" : `rule:${name}`)), byGuarantee };
}
