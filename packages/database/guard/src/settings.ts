/** When a breaker opens, for how long, and how it comes back. Times in milliseconds. */
export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly failureThreshold: number;
  /** In (0, 1]: the share of failures in the window that opens it, once `minimumVolume` calls were made. */
  readonly failureRate: number;
  /** In (0, 1]: the share of slow calls in the window that opens it, once `minimumVolume` calls were made. */
  readonly slowCallRate: number;
  /** A call that takes longer is slow. */
  readonly slowCallMs: number;
  readonly minimumVolume: number;
  readonly windowMs: number;
  /** The ceiling of the first open time; it doubles with each opening and halves with each `decayMs` spent closed. */
  readonly minOpenMs: number;
  readonly maxOpenMs: number;
  /** Calm time after which one opening, or one step of an overload, is forgiven. */
  readonly decayMs: number;
  /** The longest time that what refuses us for its configuration is left alone; it begins with `minOpenMs` and doubles. */
  readonly configurationRecheckMs: number;
  /** Probes under way at once in the stages `ping` and `cheapest`; doubled at each success of the slow start. */
  readonly probes: number;
  /** Successes of the slow start that close it. */
  readonly successThreshold: number;
  /** Calls under way at once while it is closed. */
  readonly maxConcurrent: number;
  /** Bounds of the adaptive timeout of a class of statements. */
  readonly baseTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** Classes of statements that an overloaded instance does without, those that cost most first. */
  readonly shedOrder: readonly string[];
}

/** The usual settings of a breaker that guards a database which is polled. */
export const defaultBreakerSettings: BreakerSettings = {
  failureThreshold: 5,
  failureRate: 0.5,
  slowCallRate: 0.8,
  slowCallMs: 5000,
  minimumVolume: 10,
  windowMs: 60_000,
  minOpenMs: 5000,
  maxOpenMs: 120_000,
  decayMs: 60_000,
  configurationRecheckMs: 300_000,
  probes: 1,
  successThreshold: 3,
  maxConcurrent: 100,
  baseTimeoutMs: 5000,
  maxTimeoutMs: 30_000,
  shedOrder: ["plans", "visits", "sizes", "texts", "statements"],
};
