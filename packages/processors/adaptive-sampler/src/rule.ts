import { type ConditionContext, compileCondition, conditionProblem, type ItemOf } from "@dbintel/condition";
import type { AdaptiveSamplerConfig } from "./config.ts";
import { celOf } from "./rule-condition.ts";

/** A rule as a pipeline of one signal applies it. */
export interface Rule<Item> {
  /** `undefined` for the default. */
  readonly name: string | undefined;
  readonly rate: number;
  readonly maxPerMinute: number | undefined;
  readonly matches: (item: Item) => boolean;
}

/**
 * The rules in the order in which they are asked, the default last. A rule whose condition names what only the other
 * signal has never matches.
 */
export function rulesOf<C extends "log" | "span">(
  config: AdaptiveSamplerConfig,
  context: C,
): readonly Rule<ItemOf[C]>[] {
  const ordered = config.rules.toSorted((a, b) => b.priority - a.priority);
  const rules = ordered.map((rule) => ({
    name: rule.name,
    rate: rule.sample_rate,
    maxPerMinute: rule.max_per_minute === 0 ? undefined : rule.max_per_minute,
    matches: conditionOf(rule.conditions === undefined ? rule.condition : celOf(rule.conditions), context),
  }));
  return [
    ...rules,
    { name: undefined, rate: config.default_sample_rate, maxPerMinute: undefined, matches: () => true },
  ];
}

function conditionOf<C extends ConditionContext>(
  expression: string | undefined,
  context: C,
): (item: ItemOf[C]) => boolean {
  if (expression === undefined) return () => true;
  if (conditionProblem(expression, context) !== undefined) return () => false;
  return compileCondition(expression, context).matches;
}
