import { DbintelError } from "@dbintel/errors";
import type { ASTNode } from "@marcbachmann/cel-js";

/** A part of an expression: offsets in UTF-16 code units, `end` exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Characters of the line that are shown on either side of where the fault begins. */
const surroundings = 60;

interface FaultInit {
  readonly expression: string;
  readonly range: Range;
  /** What is wrong, without the position. */
  readonly problem: string;
  /** How to write it, or what there is to choose from. */
  readonly hint?: string | undefined;
}

/**
 * The error of a condition that cannot be compiled. Its message ends with the line that is wrong and a caret:
 *
 *     unknown variable "severty_number" (did you mean "severity_number"?) at 1:1
 *       severty_number >= 9
 *       ^^^^^^^^^^^^^^
 */
export function fault({ expression, range, problem, hint }: FaultInit): DbintelError {
  const lineStart = expression.lastIndexOf("\n", range.start - 1) + 1;
  const newline = expression.indexOf("\n", range.start);
  const lineEnd = newline === -1 ? expression.length : newline;
  const row = expression.slice(0, lineStart).split("\n").length;
  const from = Math.max(lineStart, range.start - surroundings);
  const to = Math.min(lineEnd, range.start + surroundings);
  // Tabs stay tabs, so that the caret is below its text whatever the width of a tab is.
  const indent = expression.slice(from, range.start).replaceAll(/[^\t]/g, " ");
  const carets = "^".repeat(Math.max(1, Math.min(range.end, to) - range.start));
  const position = `${row}:${range.start - lineStart + 1}`;
  return new DbintelError(`${problem} at ${position}\n  ${expression.slice(from, to)}\n  ${indent}${carets}`, {
    code: "DBI_CONDITION_SYNTAX",
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The error of a part that CEL allows and a condition does not. */
export function refusal(node: ASTNode, problem: string, hint?: string): DbintelError {
  return fault({ expression: node.input, range: node, problem, hint });
}
