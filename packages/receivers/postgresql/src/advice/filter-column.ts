/** A column that a B-tree index could find rows by, and how. */
export interface FilterColumn {
  readonly name: string;
  /** A value, one of several, or NULL; else a part of the order. */
  readonly match: "equal" | "range";
  /** What the column is cast to before it is compared; `undefined` for nothing. */
  readonly cast: string | undefined;
}

const name = `(?:"(?:[^"]|"")+"|[a-z_\\u0080-\\uffff][\\w$\\u0080-\\uffff]*)`;
/** `customer`, `o.customer`, `(o.state)::text`. */
const column = `\\(?(?:${name} ?\\. ?)?(${name})\\)?(?:::([a-z ]+?))?`;
const compared = new RegExp(`^${column} (?:(= ?|= any )\\?|(is null)|(?:<|>)(?: ?=)? \\?)$`);
const reversed = new RegExp(`^\\? = ${column}$`);

/**
 * What a condition of a scan, in the form of `conditionOperands`, says of a single column; `undefined` when no B-tree
 * index on that column answers it: a function of it, a pattern, an OR, another column on the other side.
 */
export function filterColumnOf(condition: string): FilterColumn | undefined {
  const found = compared.exec(condition) ?? reversed.exec(condition);
  if (found === null) return undefined;
  const [whole, named = "", cast] = found;
  const match = /[<>](?: ?=)? \?$/.test(whole) ? "range" : "equal";
  return { name: named.startsWith('"') ? named.slice(1, -1).replaceAll('""', '"') : named, match, cast };
}
