import RE2 from "re2";
import { digitsOf, luhn, mod97, verhoeff } from "./checksum.ts";
import type { Detector, SensitivityLevel } from "./detector.ts";
import { unanchored } from "./sign.ts";

/** Checks that a pattern of one's own can ask for, over the digits of what it matched (`mod97`: over its characters). */
export const checksumNames = ["luhn", "mod97", "verhoeff"] as const;
export type ChecksumName = (typeof checksumNames)[number];

const checksums: Readonly<Record<ChecksumName, (candidate: string) => boolean>> = {
  luhn: (candidate) => luhn(digitsOf(candidate)),
  verhoeff: (candidate) => verhoeff(digitsOf(candidate)),
  mod97: (candidate) => {
    const text = candidate.replaceAll(/[^A-Za-z0-9]/g, "");
    return mod97(text.slice(4) + text.slice(0, 4)) === 1;
  },
};

/** UTF-16 code units of the longest pattern; RE2 itself bounds the memory of the compiled one. */
const longestPattern = 1024;

/** What is wrong with a pattern of one's own, or `undefined`. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > longestPattern) return `the pattern is longer than ${longestPattern} characters`;
  try {
    if (new RE2(pattern).test("")) return "the pattern matches the empty text, and so everywhere";
    new RE2(unanchored(pattern));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `${reason}; patterns are RE2, which has no look-around and no back-references: https://github.com/google/re2/wiki/Syntax`;
  }
  return undefined;
}

/** A pattern of one's own. */
export interface CustomPattern {
  /** The entity that it finds. */
  readonly name: string;
  /** RE2; a group `value` in it is what is sensitive. */
  readonly pattern: string;
  readonly checksum?: ChecksumName | undefined;
  /** Words of which one must stand before it or in the name of the attribute. None by default. */
  readonly context?: readonly string[];
  readonly level?: SensitivityLevel;
}

/** The detector of a pattern without a {@link patternProblem}. */
export function customDetector({ name, pattern, checksum, context = [], level = "low" }: CustomPattern): Detector {
  return {
    entity: name,
    level,
    pattern,
    ...(context.length > 0 ? { context } : { sign: unanchored(pattern) }),
    ...(checksum !== undefined && { accept: checksums[checksum] }),
  };
}
