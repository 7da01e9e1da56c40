/** The functions of a condition, called as `name(x)`. */
export const functions = ["has", "size", "duration"] as const;

/** The functions that are called on a value, as in `x.name(y)`. */
export const methods = ["startsWith", "endsWith", "contains", "matches", "size"] as const;

/** Limits of one condition: what is beyond them was made by a machine, and belongs into several conditions. */
export const limits = {
  /** UTF-16 code units of the text. */
  length: 16_384,
  /** Names, literals, operators and calls. */
  maxAstNodes: 1000,
  /** Parentheses, indexes and selections within each other. */
  maxDepth: 32,
  maxListElements: 500,
  /** UTF-16 code units of a regular expression. */
  patternLength: 1024,
} as const;
