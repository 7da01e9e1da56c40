/**
 * Names that MySQL and MariaDB have made up. A column that has no name of its own gets the text of its expression for
 * one, constants and all: `select 'jane'` gives a column `jane`, `select a + 17` a column `a + 17`.
 *
 * Texts have to be redacted already, so that quotes stand around names only.
 */

/** Each name in quotes that is more than letters, digits, `_` and `$`, or begins with a digit, becomes `?`. */
export function withoutMadeUpNames(text: string): string {
  const { names, rest } = namesIn(text);
  return names.map(({ before, name, quoted }) => before + (isPlain(name) ? quoted : "?")).join("") + rest;
}

/**
 * The same for a statement as MySQL's EXPLAIN shows it, where every column has an alias: these go, and where one that is
 * not just the name of its column stands elsewhere in the statement, it becomes `?`.
 */
export function withoutAliases(text: string): string {
  const { names, rest } = namesIn(text);
  const isAlias = ({ before }: Name): boolean => before.endsWith(as);
  const isColumn = ({ before, name }: Name, at: number): boolean => before === as && name === names[at - 1]?.name;
  const madeUp = new Set(names.flatMap((name, at) => (isAlias(name) && !isColumn(name, at) ? [name.name] : [])));
  const shown = names.map((one) => {
    if (isAlias(one)) return one.before.slice(0, -as.length);
    return one.before + (isPlain(one.name) && !madeUp.has(one.name) ? one.quoted : "?");
  });
  return shown.join("") + rest;
}

const as = " AS ";

/** A name, and the text between it and the name before it. */
interface Name {
  readonly before: string;
  readonly name: string;
  readonly quoted: string;
}

function namesIn(text: string): { readonly names: readonly Name[]; readonly rest: string } {
  const names: Name[] = [];
  let behind = 0;
  for (let at = 0; at < text.length; at++) {
    const quote = text.charAt(at);
    if (quote !== "`" && quote !== '"') continue;
    const end = endOfName(text, at + 1, quote);
    names.push({ before: text.slice(behind, at), name: text.slice(at + 1, end - 1), quoted: text.slice(at, end) });
    behind = end;
    at = end - 1;
  }
  return { names, rest: text.slice(behind) };
}

/** A doubled quote is a part of the name. */
function endOfName(text: string, start: number, quote: string): number {
  for (let at = start; at < text.length; at++) {
    if (text.charAt(at) !== quote) continue;
    if (text.charAt(at + 1) !== quote) return at + 1;
    at++;
  }
  return text.length;
}

function isPlain(name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    const char = name.charCodeAt(at);
    const letter = ((char | 32) >= 97 && (char | 32) <= 122) || char === 95 || char === 36 || char > 127;
    const digit = char >= 48 && char <= 57;
    if (!letter && (!digit || at === 0)) return false;
  }
  return true;
}
