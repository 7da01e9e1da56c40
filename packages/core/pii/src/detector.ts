/** How much is looked for, least first: a detector acts at its own level and at all above it. */
export const sensitivityLevels = ["low", "medium", "high"] as const;
export type SensitivityLevel = (typeof sensitivityLevels)[number];

/** What `accept` says of a candidate: no, all of it, or the part from one character to before another. */
export type Verdict = boolean | readonly [start: number, end: number];

/** One form in which one kind of sensitive data is written. Several detectors may find the same entity. */
export interface Detector {
  /** What it finds, lower_snake_case; part of metrics and of what takes the place of the data. */
  readonly entity: string;
  /**
   * The lowest sensitivity level at which it acts. `low`: secrets, and identifiers that a checksum or their form makes
   * sure; `medium`: also e-mail addresses, telephone numbers and forms without a checksum; `high`: also addresses of machines.
   */
  readonly level: SensitivityLevel;
  /** RE2. What is sensitive is the group `value`, or all that matches where there is no such group. */
  readonly pattern: string;
  /**
   * RE2 that matches in any bytes that hold a text with this data, whatever stands beside the text: no anchors and no
   * word boundaries. By default the pattern without its boundaries, or the words of the context.
   */
  readonly sign?: string;
  /** Words of which one must stand before the data, or in the name of the attribute, for it to count. */
  readonly context?: readonly string[];
  /** Checks what the pattern has found, as Latin-1 text, such as its checksum. `before` is what matched before it. */
  readonly accept?: (candidate: string, before: string) => Verdict;
  /** A refused candidate may hold the beginning of another. Only for patterns of bounded length, or time is not linear. */
  readonly overlapping?: true;
}

/** Whether a detector of level `own` acts where `wanted` is set. */
export function actsAt(own: SensitivityLevel, wanted: SensitivityLevel): boolean {
  return sensitivityLevels.indexOf(own) <= sensitivityLevels.indexOf(wanted);
}
