/** Classes of bytes in which a constant, a comment or another statement can begin. */
const QUOTE = 1;
const DIGIT = 2;
const DASH = 3;
const SLASH = 4;
const DOLLAR = 5;
const SEMICOLON = 6;
const LETTER_U = 7;
const LETTER_F = 8;

const classes = new Uint8Array(256);
for (const character of "'\"`\\#") classes[character.charCodeAt(0)] = QUOTE;
classes.fill(DIGIT, 0x30, 0x3a);
classes[0x2d] = DASH;
classes[0x2f] = SLASH;
classes[0x24] = DOLLAR;
classes[0x3b] = SEMICOLON;
classes[0x55] = LETTER_U;
classes[0x75] = LETTER_U;
classes[0x46] = LETTER_F;
classes[0x66] = LETTER_F;

/** What stands before a digit that belongs to a name or a parameter: ASCII letters, digits, `_` and `$`. */
const inNames = new Uint8Array(256);
for (const character of "_$") inNames[character.charCodeAt(0)] = 1;
inNames.fill(1, 0x30, 0x3a);
inNames.fill(1, 0x41, 0x5b);
inNames.fill(1, 0x61, 0x7b);

/** The verbs of most statements, of which all but the constants may stay. */
const readable = ["select", "insert", "update", "delete", "with"] as const;

/**
 * Whether the statement `bytes[start, end)` may have a constant or a comment, or be one of which only the verb may stay,
 * in any dialect. When it has not, `redactSql` takes nothing from it but spaces and repetition. Allocates nothing; most
 * bytes are passed over by one look into a table (benchmark `verification`).
 */
export function mayHoldConstant(bytes: Uint8Array, start: number, end: number): boolean {
  if (!readable.some((verb) => isWord(bytes, start, end, verb) && isSpace(bytes[start + verb.length]))) return true;
  for (let at = start; ; at++) {
    while (at < end && classes[bytes[at] as number] === 0) at++;
    if (at >= end) return false;
    switch (classes[bytes[at] as number]) {
      case QUOTE:
        return true;
      case DIGIT:
        if (inNames[bytes[at - 1] as number] === 0) return true;
        break;
      case DASH:
        if (bytes[at + 1] === 0x2d) return true;
        break;
      case SLASH:
        if (bytes[at + 1] === 0x2a) return true;
        break;
      case DOLLAR:
        // `$1` is a parameter; `$$` and `$tag$` begin a constant.
        if (!isDigit(bytes[at + 1])) return true;
        break;
      case SEMICOLON:
        if (at + 1 < end) return true;
        break;
      case LETTER_U:
        if (isWord(bytes, at - 2, end, "true")) return true;
        break;
      default:
        if (isWord(bytes, at, end, "false")) return true;
    }
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte > 47 && byte < 58;
}

/** Whether a lower-case word stands at `at`, in either case. What follows it does not matter. */
function isWord(bytes: Uint8Array, at: number, end: number, word: string): boolean {
  if (at + word.length > end) return false;
  for (let offset = 0; offset < word.length; offset++) {
    if (((bytes[at + offset] as number) | 0x20) !== word.charCodeAt(offset)) return false;
  }
  return true;
}
