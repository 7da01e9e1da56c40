import { SqlText, type SqlToken, tokensOf } from "./sql-text.ts";

/**
 * pg_stat_statements puts `$1` where a constant stood, also where the grammar or the types of PostgreSQL want a
 * constant. These functions write such a text so that it can be planned, without a change to what it means.
 */

/** Types that may stand before a constant: `date '2026-01-01'`. */
const typeNames = new Set(
  (
    "date time timetz timestamp timestamptz interval numeric int2 int4 int8 float4 float8 bool text varchar name bytea " +
    "uuid json jsonb inet cidr macaddr point box circle polygon path lseg line xml money oid regclass tsquery tsvector"
  ).split(" "),
);
const intervalFields = new Set(["year", "month", "day", "hour", "minute", "second", "to"]);

/**
 * The text on one line without comments, and what no grammar takes written otherwise: `interval $1` as a cast,
 * `extract($1 from x)` as the function that it is: `extract` since PostgreSQL 14, `date_part` before.
 */
export function withoutTypedParameters(text: string, versionNumber: number): string {
  const sql = SqlText.of(text);
  const tokens: SqlToken[] = [];
  for (let at = 0; at < sql.tokens.length; at++) {
    const cast = typedParameter(sql, at);
    const from = extractFrom(sql, at);
    if (cast !== undefined) {
      tokens.push(...tokensOf(cast.text));
      at = cast.end - 1;
    } else if (from !== undefined) {
      tokens.push(...tokensOf(`pg_catalog.${versionNumber >= 140_000 ? "extract" : "date_part"}(`));
      tokens.push(sql.token(at + 2), ...tokensOf(","));
      at = from;
    } else tokens.push(sql.token(at));
  }
  return String(new SqlText(tokens));
}

/** `timestamp(3) with time zone $1` and the like at a token, as a cast. */
function typedParameter(sql: SqlText, start: number): { readonly text: string; readonly end: number } | undefined {
  const name = sql.word(start);
  // Behind a dot or a cast it is part of a name or a type, and a type ends before what follows.
  if (!typeNames.has(name) || sql.isSymbol(start - 1, ".") || sql.isSymbol(start - 1, ":")) return undefined;
  let at = start + 1;
  if (sql.isSymbol(at, "(")) at = sql.closing(at) + 1;
  if (at === 0) return undefined;
  if (sql.word(at) === "with" || sql.word(at) === "without") at += 3;
  if (!sql.isParameter(at)) return undefined;
  let end = at + 1;
  if (name === "interval") {
    while (intervalFields.has(sql.word(end))) end = sql.isSymbol(end + 1, "(") ? sql.closing(end + 1) + 1 : end + 1;
  }
  const type = [...sql.tokens.slice(start, at), ...sql.tokens.slice(at + 1, end)];
  return { text: `CAST(${sql.token(at).text} AS ${String(new SqlText(type))})`, end };
}

/** The number of the FROM in `extract($1 FROM …)` that begins at a token. */
function extractFrom(sql: SqlText, start: number): number | undefined {
  const begins = sql.word(start) === "extract" && sql.isSymbol(start + 1, "(") && sql.isParameter(start + 2);
  return begins && sql.word(start + 3) === "from" ? start + 3 : undefined;
}

/** What the server said about a text that it could not plan. */
export interface Complaint {
  readonly sqlState: string;
  readonly message: string;
  /** In the text, from 0, in UTF-16 units; `undefined` when the server does not say. */
  readonly position: number | undefined;
}

/**
 * The text, as these functions have written it, with what the server complains about repaired; `undefined` when
 * nothing is known that would help.
 */
export function repaired(text: string, { sqlState, message, position }: Complaint): string | undefined {
  const sql = SqlText.of(text);
  switch (sqlState) {
    case "42803": // an expression is not in GROUP BY
      return withLiteralsOfGroups(sql);
    case "42725": // several operators or functions fit
      return position === undefined ? undefined : withTypes(sql, operandsAt(sql, sql.at(position)), "int");
    case "42883": // none fits: where nothing says what type a parameter has, the server takes it for text
      return withTypes(sql, [...sql.tokens.keys()].filter((index) => standsAlone(sql, index)).slice(0, 1), "int");
    case "42P18": // nothing says what type a parameter has
    case "42P08": {
      const named = /parameter (\$\d+)/.exec(message)?.[1];
      const found = [...sql.tokens.keys()].filter((index) => sql.isParameter(index) && sql.token(index).text === named);
      return withTypes(sql, found, "text");
    }
    default:
      return undefined;
  }
}

/** Whether a token is a parameter without a type that is all of an element: of a list of values, an array, a SELECT. */
function standsAlone(sql: SqlText, index: number): boolean {
  if (!sql.isParameter(index)) return false;
  const { kind, text } = sql.token(index - 1);
  const begins = kind === "symbol" ? /^[([,]$/.test(text) : sql.word(index - 1) === "select";
  return begins && (sql.token(index + 1).kind !== "symbol" || /^[)\],]?$/.test(sql.token(index + 1).text));
}

function withTypes(sql: SqlText, found: readonly number[], type: string): string | undefined {
  const untyped = found.filter((index) => sql.isParameter(index) && !sql.isSymbol(index + 1, ":"));
  if (untyped.length === 0) return undefined;
  const chosen = new Set(untyped);
  const tokens = sql.tokens.flatMap((token, index) =>
    chosen.has(index) ? [{ ...token, text: `${token.text}::${type}` }] : [token],
  );
  return String(new SqlText(tokens));
}

/** The parameters that the function or operator at a token is applied to. */
function operandsAt(sql: SqlText, index: number): readonly number[] {
  if (index < 0) return [];
  if (sql.token(index).kind !== "symbol") {
    let open = index + 1;
    while (sql.isSymbol(open, ".")) open += 2;
    return sql.isSymbol(open, "(") ? argumentsOf(sql, open) : [];
  }
  let behind = index + 1;
  while (sql.token(behind).kind === "symbol" && !sql.isSymbol(behind, "(") && behind < sql.tokens.length) behind++;
  return [index - 1, behind];
}

/** The arguments of one token each between a bracket and the one that closes it. */
function argumentsOf(sql: SqlText, open: number): readonly number[] {
  const found: number[] = [];
  let begins = true;
  for (let at = open + 1; at < sql.closing(open); at++) {
    const ends = sql.isSymbol(at + 1, ",") || at + 1 === sql.closing(open);
    if (begins && ends) found.push(at);
    begins = sql.isSymbol(at, ",");
    if (sql.isSymbol(at, "(")) at = sql.closing(at);
  }
  return found;
}

const endsGroups = new Set("having window order limit offset fetch for union intersect except".split(" "));

/**
 * In `SELECT date_trunc($1, t) … GROUP BY date_trunc('day', t)` the server takes both expressions for one and keeps
 * the constant of the second: it belongs to the first as well.
 */
function withLiteralsOfGroups(sql: SqlText): string | undefined {
  const values = new Map<string, SqlToken>();
  for (let at = 0; at < sql.tokens.length; at++) {
    if (sql.word(at) !== "group" || sql.word(at + 1) !== "by") continue;
    for (const group of groupsFrom(sql, at + 2)) {
      if (!group.some(isConstant)) continue;
      for (let start = 0; start + group.length <= at; start++) matchGroup(sql, start, group, values);
    }
  }
  if (values.size === 0) return undefined;
  const tokens = sql.tokens.map((token) => {
    const value = token.kind === "parameter" ? values.get(token.text) : undefined;
    return value === undefined ? token : { ...value, spaced: token.spaced };
  });
  return String(new SqlText(tokens));
}

/** The expressions of a GROUP BY, as far as the clause goes. */
function groupsFrom(sql: SqlText, start: number): readonly (readonly SqlToken[])[] {
  const groups: SqlToken[][] = [[]];
  let depth = 0;
  for (let at = start; at < sql.tokens.length; at++) {
    if (sql.isSymbol(at, "(")) depth++;
    if (sql.isSymbol(at, ")")) depth--;
    if (depth < 0 || (depth === 0 && endsGroups.has(sql.word(at)))) break;
    if (depth === 0 && sql.isSymbol(at, ",")) groups.push([]);
    else groups.at(-1)?.push(sql.token(at));
  }
  return groups;
}

function isConstant({ kind }: SqlToken): boolean {
  return kind === "number" || kind === "string";
}

/** Notes which parameters stand for which constants, when the tokens from `start` on are those of the group otherwise. */
function matchGroup(sql: SqlText, start: number, group: readonly SqlToken[], values: Map<string, SqlToken>): void {
  const found: [string, SqlToken][] = [];
  for (const [offset, token] of group.entries()) {
    const other = sql.token(start + offset);
    if (isConstant(token) && other.kind === "parameter") found.push([other.text, token]);
    else if (other.text.toLowerCase() !== token.text.toLowerCase()) return;
  }
  for (const [parameter, token] of found) values.set(parameter, token);
}
