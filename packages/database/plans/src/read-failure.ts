/** Why a text gave no plan. Each is stable and fit for a label of a metric. */
export const readFailureReasons = [
  "too_large",
  "too_deep",
  "too_many_nodes",
  /** Neither JSON nor `-> …` lines. */
  "unknown_format",
  /** Begins like JSON or a tree but does not parse, for example because it was cut off. */
  "malformed",
  /** JSON, but no plan in it. */
  "no_plan",
] as const;

export type ReadFailureReason = (typeof readFailureReasons)[number];

/** Ends the reading of a text from anywhere within it. Does not leave the package. */
export class ReadFailure extends Error {
  override readonly name = "ReadFailure";
  readonly reason: ReadFailureReason;

  /** `message` must not hold anything of the text. */
  constructor(reason: ReadFailureReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
