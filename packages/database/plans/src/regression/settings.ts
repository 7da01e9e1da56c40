/** When a statement counts as slower. The defaults suit windows of one to ten minutes. */
export interface RegressionSettings {
  /** Times the usual time. Default 1.5, as of Oracle's plan evolution. */
  readonly ratio: number;
  /** Times the usual time below which a statement has recovered. Default 1.2. */
  readonly recoveryRatio: number;
  /** Seconds of database time lost per second. Default 0.001, a thousandth of a core. */
  readonly minImpact: number;
  /** Executions that a verdict needs. Default 30. */
  readonly minCalls: number;
  /** Executions that are enough for a verdict with a p-value below 0.0001. Default 10. */
  readonly fewestCalls: number;
  /** Verdicts that make up what is usual before the first comparison. Default 12. */
  readonly minReference: number;
  /** Verdicts that what is usual remembers; older ones fade. Default 2,016, a week of windows of five minutes. */
  readonly referenceMemory: number;
  /** Verdicts after which a lasting regression becomes what is usual. Default 2,016. */
  readonly acceptAfter: number;
  /** Share of false ones among all that one window finds. Default 0.05. */
  readonly falseDiscoveryRate: number;
  /** Statements that are followed; the one that has not run for longest goes. Default 10,000. */
  readonly maxQueries: number;
}

export const defaultRegressionSettings: RegressionSettings = {
  ratio: 1.5,
  recoveryRatio: 1.2,
  minImpact: 0.001,
  minCalls: 30,
  fewestCalls: 10,
  minReference: 12,
  referenceMemory: 2_016,
  acceptAfter: 2_016,
  falseDiscoveryRate: 0.05,
  maxQueries: 10_000,
};
