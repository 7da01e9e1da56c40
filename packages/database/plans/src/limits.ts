import { DbintelError } from "@dbintel/errors";

/** Bounds of what is read. A plan beyond one of them is not read at all. */
export interface PlanLimits {
  /** Characters of text. Default 1,048,576. */
  readonly maxLength: number;
  /** Levels of operations. Default 200. */
  readonly maxDepth: number;
  /** Operations. Default 5,000. */
  readonly maxNodes: number;
}

export const defaultPlanLimits: PlanLimits = { maxLength: 1_048_576, maxDepth: 200, maxNodes: 5_000 };

/** The defaults where nothing else is given; DBI_ARGUMENT for a limit that would be none. */
export function limitsOf(given: Partial<PlanLimits> = {}): PlanLimits {
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(defaultPlanLimits, name) && value >= 0) continue;
    const hint = `the limits are ${Object.keys(defaultPlanLimits).join(", ")}, each a number`;
    throw new DbintelError(`${name} is no limit of a plan, or no number`, { code: "DBI_ARGUMENT", hint });
  }
  return { ...defaultPlanLimits, ...given };
}
