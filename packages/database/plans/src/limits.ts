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
