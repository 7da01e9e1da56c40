import { beginsExpression } from "./statement-class.ts";
import { isConstant, type Token } from "./token.ts";

/** What separates the elements of a list, or none. */
type ListKind = "none" | "bracketed" | "rows";

interface Frame {
  readonly kind: ListKind;
  /** Where the element that is being read begins. */
  start: number;
  /** The element before it; empty (`from === to`) when there is none. */
  from: number;
  to: number;
}

/**
 * The tokens of a statement without its constants, and with the lists of constants cut short.
 *
 * Constants and booleans become the parameter `?`, a sign goes with its number, strings that continue one another are
 * one. In `IN (…)` and `ARRAY[…]`, and of the rows after `VALUES`, an element that differs from the one before it only
 * by its values is left out.
 */
export class TokenList {
  readonly #tokens: Token[] = [];
  readonly #frames: Frame[] = [];
  /** What the next bracket opens. */
  #announced: ListKind = "none";
  #lastKind: Token["kind"] | undefined;

  get tokens(): readonly Token[] {
    return this.#tokens;
  }

  push(token: Token): void {
    const { word } = token;
    const continued = token.kind === "string" && this.#lastKind === "string";
    this.#lastKind = token.kind;
    if (continued) return;
    this.#endRows(token, word);
    if (token.kind === "symbol") this.#pushSymbol(token);
    else {
      this.#tokens.push(this.#withoutConstant(token, word));
      this.#announced = "none";
      if (word !== "") this.#open(word);
    }
  }

  /** Call once after the last token. */
  end(): void {
    while (this.#frames.length > 0) this.#close();
  }

  #withoutConstant(token: Token, word: string): Token {
    if (isConstant(token)) {
      const sign = token.kind === "number" ? this.#takeSign() : undefined;
      return placeholder(sign ?? token);
    }
    const boolean = (word === "TRUE" || word === "FALSE") && !this.#isTest() && this.#tokens.at(-1)?.text !== ".";
    return boolean ? placeholder(token) : token;
  }

  /** Removes the sign at the end of the list if it is one of a number. */
  #takeSign(): Token | undefined {
    const sign = this.#tokens.at(-1);
    if (sign === undefined || !isSign(sign) || !isBeforeOperand(this.#tokens.at(-2))) return undefined;
    return this.#tokens.pop();
  }

  /** `IS TRUE`, `IS NOT FALSE` test a value and hold none. */
  #isTest(): boolean {
    const last = this.#tokens.at(-1)?.word;
    return last === "IS" || (last === "NOT" && this.#tokens.at(-2)?.word === "IS");
  }

  #pushSymbol(token: Token): void {
    const symbol = token.text;
    if (symbol === ",") this.#endElement();
    else if (symbol === ")" || symbol === "]") this.#close();
    this.#tokens.push(token);
    if (symbol === "(" || symbol === "[") {
      const frame = this.#frames.at(-1);
      const nestedArray = symbol === "[" && frame?.kind === "bracketed" && frame.start === this.#tokens.length - 1;
      this.#push(nestedArray ? "bracketed" : this.#announced);
    }
    this.#announced = "none";
  }

  #open(word: string): void {
    const frame = this.#frames.at(-1);
    if (word === "IN" || word === "ARRAY") this.#announced = "bracketed";
    else if (word === "VALUES") this.#push("rows");
    else if (frame?.kind === "bracketed" && (word === "SELECT" || word === "WITH")) {
      // A subquery is no list.
      this.#frames[this.#frames.length - 1] = { ...frame, kind: "none" };
    }
  }

  #push(kind: ListKind): void {
    const start = this.#tokens.length;
    this.#frames.push({ kind, start, from: start, to: start });
  }

  /** Rows end with what is neither a row (`(…)`, MySQL's `ROW (…)`) nor the comma after one. */
  #endRows(token: Token, word: string): void {
    const frame = this.#frames.at(-1);
    if (frame?.kind !== "rows") return;
    const begun = this.#tokens.length > frame.start;
    const expectsBracket = !begun || this.#tokens.at(-1)?.word === "ROW";
    const goesOn = expectsBracket ? token.text === "(" || (!begun && word === "ROW") : token.text === ",";
    if (!goesOn) this.#close();
  }

  #endElement(): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined || frame.kind === "none") return;
    if (this.#repeats(frame)) this.#tokens.length = frame.to;
    else {
      frame.from = frame.start;
      frame.to = this.#tokens.length;
    }
    // Behind the comma, which follows.
    frame.start = this.#tokens.length + 1;
  }

  #close(): void {
    const frame = this.#frames.pop();
    if (frame !== undefined && frame.kind !== "none" && this.#repeats(frame)) this.#tokens.length = frame.to;
  }

  /** Whether the element that ends here equals the one before it but for its values. */
  #repeats({ start, from, to }: Frame): boolean {
    if (from === to || this.#tokens.length - start !== to - from) return false;
    for (let offset = to - from - 1; offset >= 0; offset--) {
      if (!isAlike(this.#tokens[from + offset], this.#tokens[start + offset])) return false;
    }
    return true;
  }
}

/** Whether a sign or a value can stand after this token as the beginning of an operand. */
export function isBeforeOperand(token: Token | undefined): boolean {
  if (token === undefined) return true;
  if (token.kind === "symbol") return token.text !== ")" && token.text !== "]";
  return beginsExpression(token.word);
}

export function isSign(token: Token): boolean {
  return token.kind === "symbol" && (token.text === "-" || token.text === "+");
}

function isAlike(one: Token | undefined, other: Token | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.text === other.text || (isValue(one) && isValue(other));
}

function isValue(token: Token): boolean {
  return token.kind === "parameter" || token.word === "NULL";
}

/** What stands where the constant stood. */
function placeholder({ spaced }: Token): Token {
  return { kind: "parameter", text: "?", word: "", spaced };
}
