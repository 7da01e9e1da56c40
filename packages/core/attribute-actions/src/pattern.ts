import { DbintelError } from "@dbintel/errors";
import RE2 from "re2";

/** UTF-16 code units of the longest pattern; RE2 itself bounds the memory of the compiled one. */
const maxLength = 1024;

/** A pattern of the configuration, ready to run. */
export interface Pattern {
  readonly expression: RE2;
  /** How many groups it has, named or not. */
  readonly groups: number;
  /** The names of its named groups. */
  readonly names: readonly string[];
}

/** Compiles a pattern. Throws `DBI_CONFIG_INVALID` when the text is none. */
export function compilePattern(text: string): Pattern {
  if (text.length > maxLength) {
    throw new DbintelError(`the pattern is longer than ${maxLength} characters`, { code: "DBI_CONFIG_INVALID" });
  }
  try {
    const expression = new RE2(text);
    // With an empty alternative it matches the empty text, and the match tells the groups.
    const match = new RE2(`(?:${text})|`).exec("");
    return { expression, groups: (match?.length ?? 1) - 1, names: Object.keys(match?.groups ?? {}) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DbintelError(`${reason}; patterns are RE2: https://github.com/google/re2/wiki/Syntax`, {
      code: "DBI_CONFIG_INVALID",
      cause: error,
    });
  }
}
