/**
 * What a token is, as far as making a text safe needs to know: `word` an unquoted identifier or a keyword, `quoted`
 * a quoted identifier, `number` and `string` constants, `parameter` a place without a value (`$1`, MySQL's `?`),
 * `symbol` one character of anything else.
 */
export type TokenKind = "word" | "quoted" | "number" | "string" | "parameter" | "symbol" | "comment";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** The text in upper case where it is a word, otherwise "". */
  readonly word: string;
  /** White space or a comment stands before the token. */
  readonly spaced: boolean;
}

/** What a scanner found at a position: the kind, and the position behind it. */
export interface Scan {
  readonly kind: TokenKind;
  readonly end: number;
}

/** Whether the token is a constant of the statement. */
export function isConstant(token: Token): boolean {
  return token.kind === "number" || token.kind === "string";
}
