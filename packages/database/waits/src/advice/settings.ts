/** From when on something is a finding. */
export interface AdvisorSettings {
  /** Older evidence is as if it were not there. Default 300. */
  readonly maxAgeSeconds: number;
  /** The same for a change of plan, which lasts. Default 3,600. */
  readonly maxPlanChangeAgeSeconds: number;
  /** Samples before shares of time count. Default 20. */
  readonly minSamples: number;
  /** Share of the time, of its interval the lower end, from which on a category counts. Default 0.2. */
  readonly minShare: number;
  /** Average active sessions below which nothing is worth a finding. Default 0.05: three seconds of a minute. */
  readonly minSessions: number;
  /** Executions before the counters of a statement count. Default 5. */
  readonly minCalls: number;
  /** Rows read per execution below which an index does not matter. Default 1,000. */
  readonly minRowsPerCall: number;
  /** How many rows were read for one that was wanted. Default 10. */
  readonly rowsPerWantedRow: number;
  /** How long a session waits for a lock before it is a finding. Default 1. */
  readonly minBlockedSeconds: number;
  /** Mean time of an execution from which a statement takes too long. Default 1. */
  readonly objectiveSeconds: number;
  /** Share of its time, of the interval the lower end, from which on a slow statement is slow by waiting. Default 0.5. */
  readonly objectiveWaitShare: number;
  /** How many times what is usual is unusual, together with three standard deviations. Default 2. */
  readonly unusualRatio: number;
}

export const defaultAdvisorSettings: AdvisorSettings = {
  maxAgeSeconds: 300,
  maxPlanChangeAgeSeconds: 3_600,
  minSamples: 20,
  minShare: 0.2,
  minSessions: 0.05,
  minCalls: 5,
  minRowsPerCall: 1_000,
  rowsPerWantedRow: 10,
  minBlockedSeconds: 1,
  objectiveSeconds: 1,
  objectiveWaitShare: 0.5,
  unusualRatio: 2,
};
