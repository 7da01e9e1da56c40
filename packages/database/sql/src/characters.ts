/** Character codes and the ends of the things that PostgreSQL, MySQL and MariaDB write alike. */

export const code = {
  newline: 10,
  carriageReturn: 13,
  space: 32,
  bang: 33,
  doubleQuote: 34,
  hash: 35,
  dollar: 36,
  ampersand: 38,
  quote: 39,
  star: 42,
  plus: 43,
  minus: 45,
  dot: 46,
  slash: 47,
  zero: 48,
  nine: 57,
  question: 63,
  upperM: 77,
  backslash: 92,
  backtick: 96,
} as const;

export function isSpace(char: number): boolean {
  return char === code.space || (char >= 9 && char <= code.carriageReturn);
}

export function isDigit(char: number): boolean {
  return char >= code.zero && char <= code.nine;
}

/** A letter, `_` or anything beyond ASCII. */
export function isWordStart(char: number): boolean {
  return (char >= 97 && char <= 122) || (char >= 65 && char <= 90) || char === 95 || char >= 128;
}

export function isWordPart(char: number): boolean {
  return isWordStart(char) || isDigit(char) || char === code.dollar;
}

export function endOfWord(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && isWordPart(text.charCodeAt(end))) end++;
  return end;
}

/** The end of what `quote` closes, where a doubled quote stands for itself; -1 when it is not closed. */
export function endOfQuoted(text: string, at: number, quote: number): number {
  for (let i = at; i < text.length; i++) {
    if (text.charCodeAt(i) !== quote) continue;
    if (text.charCodeAt(i + 1) !== quote) return i + 1;
    i++;
  }
  return -1;
}

/** As `endOfQuoted`, where a backslash takes its meaning from the character after it. */
export function endOfEscaped(text: string, at: number, quote: number): number {
  for (let i = at; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === code.backslash) i++;
    else if (char === quote) {
      if (text.charCodeAt(i + 1) !== quote) return i + 1;
      i++;
    }
  }
  return -1;
}

/** Decimal, exponent, `0x…`, `0o…`, `0b…`, `1_000`; letters that stick to a number belong to it. */
export function endOfNumber(text: string, start: number): number {
  const radix = text.charCodeAt(start) === code.zero && "xXoObB".includes(text.charAt(start + 1) || " ");
  let end = start;
  while (end < text.length) {
    const char = text.charCodeAt(end);
    const exponent = !radix && (char | 32) === 101; // e, E
    const sign = exponent ? text.charCodeAt(end + 1) : 0;
    if (sign === code.plus || sign === code.minus) end += 2;
    // Two dots are PL/pgSQL's range.
    else if (isWordPart(char) || (char === code.dot && text.charCodeAt(end + 1) !== code.dot)) end++;
    else break;
  }
  return end;
}

export function endOfLine(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === code.newline || char === code.carriageReturn) return i + 1;
  }
  return text.length;
}
