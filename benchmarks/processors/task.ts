/** One thing that the benchmark of the processors times. */
export interface ProcessorTask {
  readonly name: string;
  /** Log records, spans or data points that one run handles. */
  readonly records: number;
  run(): Promise<void> | void;
}
