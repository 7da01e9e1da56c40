import { isWordStart, type Piece, piecesOf } from "./condition-piece.ts";
import { type Qualifiers, qualified } from "./qualifiers.ts";

/**
 * The form of a redacted condition in which two ways to write the same are equal: constants and parameters (`$1`) are
 * `?` without their casts, arrays and lists of constants a single `?`, brackets around one thing go, the operands of
 * AND stand in alphabetical order, words and unquoted names are in lower case, and columns are qualified in one way.
 */
export function conditionForm(text: string, qualifiers: Qualifiers = {}): string {
  return readable(formOf(unwrapped(piecesOf(text)), qualifiers).join(" "));
}

/**
 * The same, taken apart at its outermost ANDs: `a = ?` and `b > ?` of `((a = 1) AND (b > 2))`.
 */
export function conditionOperands(text: string, qualifiers: Qualifiers = {}): readonly string[] {
  const form = formOf(unwrapped(piecesOf(text)), qualifiers);
  // In the sorted form each operand is one part, with an "and" between any two.
  const isSplit = form.length > 1 && form.every((part, position) => position % 2 === 0 || part === "and");
  return isSplit ? form.filter((part) => part !== "and").map(readable) : [readable(form.join(" "))];
}

/** Without brackets around all of it. */
function unwrapped(pieces: readonly Piece[]): readonly Piece[] {
  const [only] = pieces;
  if (pieces.length !== 1 || only === undefined || typeof only === "string") return pieces;
  return unwrapped(only.pieces);
}

/** Without the spaces that nobody writes. */
function readable(form: string): string {
  return form.replaceAll(" . ", ".").replaceAll(" :: ", "::").replaceAll(" , ", ", ");
}

const value = "?";

/** Words of a type that follow its first one. */
const typeWords = new Set(["without", "with", "time", "zone", "precision", "varying"]);

function formOf(pieces: readonly Piece[], qualifiers: Qualifiers): string[] {
  const form: string[] = [];
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at];
    if (piece === undefined) break;
    if (typeof piece === "string") {
      if (piece === "::" && form.at(-1) === value) at = endOfType(pieces, at + 1) - 1;
      else {
        const name = nameAt(pieces, at);
        form.push(...qualified(name, qualifiers).flatMap((part, position) => (position === 0 ? [part] : [".", part])));
        at += 2 * name.length - 2;
      }
    } else pushGroup(form, piece.open, formOf(piece.pieces, qualifiers));
  }
  return sorted(form);
}

/** The parts of a name with dots between them, or the one piece that is none. */
function nameAt(pieces: readonly Piece[], start: number): readonly string[] {
  const parts: string[] = [];
  for (let at = start; ; at += 2) {
    const part = pieces[at];
    if (typeof part !== "string") break;
    parts.push(part);
    if (pieces[at + 1] !== ".") break;
  }
  return parts;
}

/** The position behind the name of a type: `numeric(10,2)`, `timestamp(3) without time zone`, `public.mood[]`. */
function endOfType(pieces: readonly Piece[], start: number): number {
  let at = start + 1;
  if (pieces[at] === ".") at += 2;
  for (;;) {
    const piece = pieces[at];
    const continues =
      typeof piece === "string" ? typeWords.has(piece) : piece !== undefined && !holdsName(piece.pieces);
    if (!continues) return at;
    at++;
  }
}

/** `(10,2)` and `[]` belong to a type, `(a = ?)` does not. */
function holdsName(pieces: readonly Piece[]): boolean {
  return pieces.some((piece) => piece !== value && piece !== ",");
}

function pushGroup(form: string[], open: string, inner: readonly string[]): void {
  const before = form.at(-1);
  if (open === "[" && before === "array" && areValues(inner)) {
    form[form.length - 1] = value;
    return;
  }
  const list = before === "in" || before === "any" || before === "all";
  if (open === "(" && areValues(inner) && (list || inner.length === 1)) form.push(value);
  else if (open === "(" && inner.length === 1 && !isName(before)) form.push(...inner);
  else form.push(open === "(" ? `(${inner.join(" ")})` : `[${inner.join(" ")}]`);
}

function areValues(form: readonly string[]): boolean {
  return form.length > 0 && form.every((part) => part === value || part === ",");
}

/** A bracket behind a name is that of a function. */
function isName(part: string | undefined): boolean {
  if (part === undefined || part === value || operators.has(part)) return false;
  return part.startsWith('"') || isWordStart(part);
}

/** Words that are no function, though a bracket follows. */
const operators = new Set(["and", "or", "not", "any", "all", "in", "is", "like", "between", "when", "then", "else"]);

/** Sorts what stands between the ANDs of one level. The AND of BETWEEN is none. */
function sorted(form: string[]): string[] {
  const operands: string[] = [];
  let operand: string[] = [];
  let between = false;
  for (const part of form) {
    if (part === "and" && !between) {
      operands.push(bare(operand));
      operand = [];
    } else {
      if (part === "and") between = false;
      else if (part === "between") between = true;
      operand.push(part);
    }
  }
  if (operands.length === 0) return form;
  operands.push(bare(operand));
  return operands.sort().flatMap((text, position) => (position === 0 ? [text] : ["and", text]));
}

/** An operand of AND needs no brackets of its own, unless it is an OR. */
function bare(operand: readonly string[]): string {
  const [only] = operand;
  if (operand.length !== 1 || only === undefined || !only.startsWith("(") || !only.endsWith(")")) {
    return operand.join(" ");
  }
  return only.includes(" or ") || only.includes(" and ") ? only : only.slice(1, -1);
}
