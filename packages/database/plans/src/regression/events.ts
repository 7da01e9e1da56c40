import type { WaitShift } from "@dbintel/waits";

/** Executions of one statement: a single one, or those of an interval of a statistics view. */
export interface Observation {
  /** Names the statement: instance, database and fingerprint. */
  readonly query: string;
  /** The hash of the plan; absent where the source does not tell, which then counts for the plan known last. */
  readonly plan?: string | undefined;
  readonly calls: number;
  readonly meanMs: number;
  readonly standardDeviationMs?: number | undefined;
  readonly rowsPerCall?: number | undefined;
  readonly blocksReadPerCall?: number | undefined;
}

/** The time that a detector's observations come from. */
export interface RegressionWindow {
  readonly seconds: number;
  /** Milliseconds since 1970. */
  readonly endMs: number;
}

/** Why a statement has become slower, as far as the figures tell. */
export type RegressionCause =
  /** Its sessions wait for locks, more than they used to. */
  | "lock"
  /** Its sessions wait for disks, more than they used to, by the same plan. */
  | "io"
  /** Another plan, the same work. */
  | "plan_change"
  /** It returns more rows than it used to. */
  | "data_growth"
  /** It returns fewer rows, in more time: other parameters than usual. */
  | "parameter_shift"
  /** The same plan reads more blocks from outside the cache. */
  | "cache"
  /** The same plan, slower in many small steps. */
  | "drift"
  | "unknown";

/** How a statement ran against what is usual. */
export interface Slowdown {
  /** Of the geometric means. */
  readonly ratio: number;
  /** The interval that holds the ratio with a confidence of 95 %. */
  readonly ratioLow: number;
  readonly ratioHigh: number;
  /** The probability of a ratio as large or larger were nothing different; 1 where the ratio is not above 1. */
  readonly pValue: number;
  /**
   * The probability by the ranks alone (Mann-Whitney) of the slow verdicts among usual ones: a second opinion that no
   * outlier moves. Of a regression.
   */
  readonly rankPValue?: number | undefined;
  readonly usualMs: number;
  readonly currentMs: number;
  /** Seconds of database time lost (negative: won) per second. */
  readonly impact: number;
}

export type RegressionEvent =
  /** Another plan runs two thirds of the executions of a statement or more. */
  | { readonly kind: "change"; readonly query: string; readonly before: string; readonly after: string }
  | ({
      readonly kind: "regression";
      readonly query: string;
      /** The plan that was usual and the plan that runs now; "" where the source tells none. */
      readonly before: string;
      readonly after: string;
      readonly cause: RegressionCause;
      /** How the waits of its sessions have changed, where samples show it. */
      readonly waitShift?: WaitShift | undefined;
    } & Slowdown)
  /** A statement that has regressed is as fast as before, or almost. */
  | ({ readonly kind: "recovery"; readonly query: string; readonly plan: string } & Slowdown);
