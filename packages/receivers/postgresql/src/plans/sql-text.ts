import { Lexer, type Token } from "@dbintel/sql";

/** What counts of a token when it is written out again. */
export type SqlToken = Pick<Token, "kind" | "text" | "spaced">;

/** A statement as tokens, to be changed and written out again. Of comments only the hints of pg_hint_plan stay. */
export class SqlText {
  readonly tokens: readonly SqlToken[];

  constructor(tokens: readonly SqlToken[]) {
    this.tokens = tokens;
  }

  static of(text: string): SqlText {
    const lexer = new Lexer(text, { dialect: "postgresql" });
    const tokens: SqlToken[] = [];
    for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
      if (token.kind !== "comment" || token.text.startsWith("/*+")) tokens.push(token);
    }
    return new SqlText(tokens);
  }

  toString(): string {
    return this.tokens.map(written).join("").trimStart();
  }

  /** The number of the token that stands at a position of the text, or -1. */
  at(position: number): number {
    let end = 0;
    for (const [index, token] of this.tokens.entries()) {
      end += index === 0 ? token.text.length : written(token).length;
      if (position < end) return index;
    }
    return -1;
  }

  /** The number of the bracket that closes the one at `open`, or -1. */
  closing(open: number): number {
    let depth = 0;
    for (let index = open; index < this.tokens.length; index++) {
      const { kind, text } = this.tokens[index] ?? end;
      if (kind !== "symbol") continue;
      if (text === "(") depth++;
      else if (text === ")" && --depth === 0) return index;
    }
    return -1;
  }

  /** The token with this number; an empty one behind the end. */
  token(index: number): SqlToken {
    return this.tokens[index] ?? end;
  }

  /** A word in lower case; "" for anything else. */
  word(index: number): string {
    const { kind, text } = this.token(index);
    return kind === "word" ? text.toLowerCase() : "";
  }

  isParameter(index: number): boolean {
    return this.token(index).kind === "parameter";
  }

  isSymbol(index: number, symbol: string): boolean {
    const { kind, text } = this.token(index);
    return kind === "symbol" && text === symbol;
  }
}

const end: SqlToken = { kind: "symbol", text: "", spaced: false };

function written({ spaced, text }: SqlToken): string {
  return spaced ? ` ${text}` : text;
}

/** Tokens for a text of ours. */
export function tokensOf(text: string): readonly SqlToken[] {
  return SqlText.of(` ${text}`).tokens;
}
