import { hash } from "node:crypto";
import { unquoted } from "./identifier.ts";
import { redact } from "./redaction.ts";
import { type SqlDialect, type SqlSyntax, syntaxOf } from "./syntax.ts";
import type { Token } from "./token.ts";
import { isBeforeOperand, isSign } from "./token-list.ts";

/** Goes before every fingerprint; changes whenever the normal form does. */
const version = "v1";

/**
 * An identity of the statement that all its executions share: `v1:` and the SHA-256 of its normal form in hex.
 *
 * Case, white space, comments, constants, the numbers of parameters and the length of lists make no difference, nor
 * does it whether a place holds a constant, `$1`, `?` or NULL: the text that a server has normalised has the
 * fingerprint of the text that was sent. All utility statements of one verb and object class share a fingerprint.
 */
export function fingerprintSql(text: string, syntax: SqlDialect | SqlSyntax): string {
  const resolved = syntaxOf(syntax);
  return fingerprintOf(redact(text, resolved).tokens, resolved.dialect);
}

/** The fingerprint of a redacted statement. */
export function fingerprintOf(tokens: readonly Token[], dialect: SqlDialect): string {
  return `${version}:${hash("sha256", normalForm(tokens, dialect))}`;
}

/** The text that is hashed. */
export function normalForm(tokens: readonly Token[], dialect: SqlDialect): string {
  const form = new NormalForm(dialect);
  for (const token of tokens) form.push(token);
  return form.toString();
}

const value: Token = { kind: "parameter", text: "?", word: "", spaced: true };

class NormalForm {
  readonly #mysql: boolean;
  readonly #tokens: Token[] = [];

  constructor(dialect: SqlDialect) {
    this.#mysql = dialect !== "postgresql";
  }

  push(token: Token): void {
    if (token.text === ")" && this.#isUnknownValue()) {
      this.#tokens.length -= 2;
      this.#pushValue();
    } else if (token.text === ")" && this.#repeatsRow()) this.#tokens.length -= 3;
    else if (this.#isValue(token)) this.#pushValue();
    else if (token.kind === "word") this.#push("word", this.#word(token.text), token.word);
    else if (token.kind === "quoted" && this.#mysql) this.#push("quoted", unquoted(token.text).toLowerCase());
    else if (token.kind === "symbol" && token.text === "=" && this.#last()?.text === "!") {
      // `!=` is another spelling of `<>`.
      this.#tokens.pop();
      this.#push("symbol", "<");
      this.#push("symbol", ">");
    } else this.#push(token.kind, token.text);
  }

  toString(): string {
    return this.#tokens.map(({ text }) => text).join(" ");
  }

  #last(): Token | undefined {
    return this.#tokens.at(-1);
  }

  #push(kind: Token["kind"], text: string, word = ""): void {
    this.#tokens.push({ kind, text, word, spaced: true });
  }

  #isValue(token: Token): boolean {
    if (token.kind === "parameter") return true;
    if (token.kind === "symbol") return token.text === "?";
    if (token.kind !== "word") return false;
    const { word } = token;
    if (word !== "NULL" && word !== "TRUE" && word !== "FALSE") return this.#mysql && this.#isUserVariable();
    const before = this.#last()?.text;
    const test = before === "is" || (before === "not" && this.#tokens.at(-2)?.text === "is");
    return !test && before !== ".";
  }

  /** MariaDB's digests show `x'ff'` and `N'…'` as `(unknown)`. */
  #isUnknownValue(): boolean {
    const last = this.#last();
    return this.#mysql && last?.kind === "word" && last.text === "unknown" && this.#tokens.at(-2)?.text === "(";
  }

  /**
   * Whether `( ? ) , ( ?` is to be closed. Digests shorten rows that we have told apart: `( ? ?, ... ) , (...)` is what
   * they make of rows of which the first holds a string in two parts.
   */
  #repeatsRow(): boolean {
    if (!this.#mysql || this.#last() !== value) return false;
    const [open, of, close, comma, next] = this.#tokens.slice(-6);
    return open?.text === "(" && of === value && close?.text === ")" && comma?.text === "," && next?.text === "(";
  }

  /** MySQL's digests show `@name` as `@?`, but not `@@name`. */
  #isUserVariable(): boolean {
    return this.#last()?.text === "@" && this.#tokens.at(-2)?.text !== "@";
  }

  #pushValue(): void {
    const tokens = this.#tokens;
    if (this.#mysql) this.#dropCharacterSet();
    for (let sign = this.#last(); sign !== undefined && isSign(sign); sign = this.#last()) {
      if (!isBeforeOperand(tokens.at(-2))) break;
      tokens.pop();
    }
    // Strings that continue one another; MySQL's digests leave them apart.
    if (this.#last() === value) return;
    // MySQL's digests shorten any list of values, also the arguments of a function.
    if (this.#mysql && this.#last()?.text === "," && tokens.at(-2) === value) tokens.pop();
    else tokens.push(value);
  }

  /** `_utf8mb4'…'` is a value; digests show `(_charset) ?`. */
  #dropCharacterSet(): void {
    const last = this.#last();
    if (last?.kind === "word" && last.text.startsWith("_")) this.#tokens.pop();
    else if (last?.text === ")" && this.#tokens.at(-2)?.text === "_charset") this.#tokens.length -= 3;
  }

  #word(text: string): string {
    const word = text.toLowerCase();
    // Behind a dot there is no keyword.
    return this.#mysql && this.#last()?.text !== "." ? (synonyms.get(word) ?? word) : word;
  }
}

/** Words that the digests of MySQL and MariaDB replace by another of the same meaning, the one that is told here or not. */
const synonyms: ReadonlyMap<string, string> = new Map(
  [
    "now current_timestamp localtime localtimestamp",
    "schema database",
    "schemas databases",
    "substring substr mid",
    "distinct distinctrow",
    "any some",
    "stddev_pop std stddev",
    "var_pop variance",
    "curdate current_date",
    "curtime current_time",
    "user session_user system_user",
    "rlike regexp",
    "explain describe",
    "fields columns",
    "character char",
    "varchar varcharacter",
    "decimal dec",
    "float float4",
    "double float8",
    "tinyint int1",
    "smallint int2",
    "mediumint int3 middleint",
    "integer int int4",
    "bigint int8",
    ...["second", "minute", "hour", "day", "week", "month", "quarter", "year"].map((unit) => `${unit} sql_tsi_${unit}`),
  ].flatMap((line) => {
    const [word = "", ...others] = line.split(" ");
    return others.map((other) => [other, word] as const);
  }),
);
