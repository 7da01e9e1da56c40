/** A part of a redacted condition: a word, a name, a sign, `?` for a value, or what stands in brackets. */
export type Piece = string | Group;

export interface Group {
  readonly open: "(" | "[";
  readonly pieces: readonly Piece[];
}

/** Brackets deeper than this are read as ordinary signs. */
const maxDepth = 200;

/** Cuts a redacted condition into its parts, in one pass. Brackets that do not match are signs or end at the end. */
export function piecesOf(text: string): readonly Piece[] {
  const root: Piece[] = [];
  const open: { readonly pieces: Piece[]; readonly close: string }[] = [];
  let pieces = root;
  for (let at = 0; at < text.length; ) {
    const end = endOfPiece(text, at);
    const piece = text.slice(at, end);
    at = end;
    if (piece.trim() === "") continue;
    if ((piece === "(" || piece === "[") && open.length < maxDepth) {
      const group = { open: piece, pieces: [] as Piece[] } as const;
      pieces.push(group);
      open.push({ pieces, close: piece === "(" ? ")" : "]" });
      pieces = group.pieces;
    } else if (piece === open.at(-1)?.close) pieces = open.pop()?.pieces ?? root;
    else pieces.push(normal(piece));
  }
  return root;
}

/** Quotes of MySQL's names mean nothing; in PostgreSQL they keep the case. */
function normal(piece: string): string {
  if (piece.startsWith("`")) return piece.slice(1, -1).toLowerCase();
  if (piece.startsWith('"')) return piece;
  return isParameter(piece) ? "?" : piece.toLowerCase();
}

function isParameter(piece: string): boolean {
  return piece.length > 1 && piece.startsWith("$") && isDigit(piece.charCodeAt(1));
}

/** Whether a part is a word or a name without quotes. */
export function isWordStart(piece: string): boolean {
  return isWord(piece.charCodeAt(0));
}

function endOfPiece(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === doubleQuote || first === backtick) return endOfQuoted(text, start + 1, first);
  if (first === colon && text.charCodeAt(start + 1) === colon) return start + 2;
  const inside = isSpace(first) ? isSpace : isWord(first) ? isWord : undefined;
  if (inside === undefined) return start + 1;
  let end = start + 1;
  while (end < text.length && inside(text.charCodeAt(end))) end++;
  return end;
}

/** A doubled quote is a part of the name. */
function endOfQuoted(text: string, start: number, quote: number): number {
  for (let at = start; at < text.length; at++) {
    if (text.charCodeAt(at) !== quote) continue;
    if (text.charCodeAt(at + 1) !== quote) return at + 1;
    at++;
  }
  return text.length;
}

const doubleQuote = 34;
const dollar = 36;
const colon = 58;
const underscore = 95;
const backtick = 96;

function isSpace(char: number): boolean {
  return char <= 32;
}

function isDigit(char: number): boolean {
  return char >= 48 && char <= 57;
}

function isWord(char: number): boolean {
  const letter = char | 32;
  return (letter >= 97 && letter <= 122) || isDigit(char) || char === underscore || char === dollar || char > 127;
}
