import type { SqlSyntax } from "../src/syntax.ts";

/** What no output may hold, whole or in part: the number in every numeric constant, the word in every string. */
export const secretDigits = "9078051120";
export const secretWord = "zqsecretqz";

/** Tells which of `count` possibilities comes next. */
export type Choice = (count: number) => number;

/** A linear congruential generator (Numerical Recipes): fast, and the same statements on every machine. */
export function choices(seed: number): Choice {
  let state = seed >>> 0;
  return (count) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

/** How the parts of a statement that must make no difference are written. */
export interface Spelling {
  readonly constant: () => string;
  readonly space: () => string;
  readonly keyword: (word: string) => string;
  /** The number of elements of a list. */
  readonly length: () => number;
}

/**
 * Constants of every form that the dialect knows, all of them holding a secret; on request also constants with the
 * name of their type, which belongs to the statement.
 */
export function secretSpelling(syntax: SqlSyntax, choose: Choice, options: { readonly typed: boolean }): Spelling {
  const filler = () => pick(choose, ["", " ", "x", "é", " -- ", "/*", "*/", "\n", "$", ";", " in (", "#", "`", "?"]);
  const inner = () => `${filler()}${pick(choose, [secretWord, secretDigits])}${filler()}`;
  const postgresql = syntax.dialect === "postgresql";
  const forms = postgresql ? postgresqlForms(inner, choose) : mysqlForms(syntax, inner, choose);
  const typed = [`date '${secretDigits}'`, postgresql ? `'${secretWord}'::text` : `_utf8mb4'${secretWord}'`];
  if (options.typed) forms.push(() => pick(choose, typed));
  return {
    constant: () => pick(choose, forms)(),
    space: () => {
      if (choose(12) > 0) return pick(choose, [" ", "\n", "\t ", "  "]);
      const words = `${secretWord} ${pick(choose, ["'", '"', "it's", "$$", "`"])}`;
      const marks = postgresql ? ["--"] : ["-- ", "#"];
      return choose(2) === 0 ? ` /* ${words} */ ` : ` ${pick(choose, marks)}${words}\n`;
    },
    keyword: (word) => (choose(2) === 0 ? word : word.toLowerCase()),
    length: () => 1 + choose(4),
  };
}

const numbers = [secretDigits, `0.${secretDigits}`, `.${secretDigits}`, `1e${secretDigits}`, `${secretDigits}.5e-3`];

function numberForms(choose: Choice): (() => string)[] {
  return [() => pick(choose, numbers), () => `-${pick(choose, numbers)}`, () => `- ${pick(choose, numbers)}`];
}

function postgresqlForms(inner: () => string, choose: Choice): (() => string)[] {
  return [
    ...numberForms(choose),
    () => `'${inner()}''${inner()}"'`,
    () => `E'${inner()}\\'${inner()}\\\\'`,
    () => `U&'${inner()}\\0441'`,
    () => pick(choose, [`B'${secretDigits}'`, `X'${secretDigits}'`, `N'${secretWord}'`, `0x${secretDigits}`]),
    () => `$$${inner().replaceAll("$", "")}'$$`,
    () => `$q$ ${inner()} $$ '" $q$`,
    () => `'${inner()}'\n'${inner()}'`,
  ];
}

function mysqlForms(syntax: SqlSyntax, inner: () => string, choose: Choice): (() => string)[] {
  const quote = syntax.noBackslashEscapes ? "''" : "\\'";
  return [
    ...numberForms(choose),
    () => `'${inner()}''${inner()}"'`,
    () => `'${inner()}${quote}${inner()}'`,
    () => (syntax.ansiQuotes ? `'${inner()}'` : `"${inner()}""${inner()}'"`),
    () => (syntax.noBackslashEscapes ? `'${inner()}\\'` : `'${inner()}\\\\'`),
    () => pick(choose, [`b'${secretDigits}'`, `x'${secretDigits}'`, `N'${secretWord}'`, `0x${secretDigits}`]),
    () => `'${secretWord}' '${inner()}'`,
  ];
}

/**
 * A statement that queries or changes rows, of the grammar that `choose` walks through. The same walk in two spellings
 * gives one fingerprint.
 */
export function statement(syntax: SqlSyntax, choose: Choice, spelling: Spelling): string {
  return new Sentence(syntax, choose, spelling).statement();
}

/** A utility statement with a secret at a place that only its own grammar knows. */
export function utilityStatement(syntax: SqlSyntax, choose: Choice, spelling: Spelling): string {
  const forms = [...utilities, ...(syntax.dialect === "postgresql" ? postgresqlUtilities : mysqlUtilities)];
  const words = pick(choose, forms).split(" ");
  return words
    .map((word) => (word === "?" ? spelling.constant() : /^[A-Z]+$/.test(word) ? spelling.keyword(word) : word))
    .reduce((text, word) => `${text}${spelling.space()}${word}`);
}

/** `?` is a constant; the secret word is a value that needs no quotes. */
const utilities = [
  `SET SESSION zone = ?`,
  `SET ROLE ${secretWord}`,
  `GRANT ${secretWord} TO joe`,
  "CREATE VIEW v AS SELECT a FROM t WHERE b = ?",
  "CREATE TABLE t ( a int DEFAULT ? , b text )",
  "ALTER TABLE t ALTER COLUMN a SET DEFAULT ?",
  "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS ( user ? , password ? )",
  "DO ?",
];
const postgresqlUtilities = [
  "CREATE ROLE joe LOGIN PASSWORD ?",
  "ALTER USER joe PASSWORD ?",
  "CREATE USER MAPPING FOR joe SERVER s OPTIONS ( password ? )",
  "CREATE SUBSCRIPTION s CONNECTION ? PUBLICATION p",
  "COMMENT ON TABLE t IS ?",
  "SECURITY LABEL ON TABLE t IS ?",
  "COPY ( SELECT a FROM t WHERE b = ? ) TO STDOUT",
  "NOTIFY channel, ?",
  "ALTER SYSTEM SET primary_conninfo = ?",
  "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS ?",
  "CREATE TABLE t PARTITION OF u FOR VALUES FROM ( ? ) TO ( ? )",
];
const mysqlUtilities = [
  "CREATE USER joe IDENTIFIED BY ?",
  "ALTER USER joe IDENTIFIED BY ?",
  "SET PASSWORD FOR joe = ?",
  "GRANT ALL ON t TO joe IDENTIFIED BY ?",
  "CHANGE MASTER TO MASTER_PASSWORD = ?",
  "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = ?",
  "LOAD DATA INFILE ? INTO TABLE t",
  "SET @a = ?",
  "CREATE EVENT e ON SCHEDULE EVERY ? DAY DO UPDATE t SET a = ?",
  "CREATE TABLE t ( a int COMMENT ? )",
  "START REPLICA USER = ? PASSWORD = ?",
  "START SLAVE PASSWORD = ?",
];

class Sentence {
  readonly #syntax: SqlSyntax;
  readonly #choose: Choice;
  readonly #spelling: Spelling;

  constructor(syntax: SqlSyntax, choose: Choice, spelling: Spelling) {
    this.#syntax = syntax;
    this.#choose = choose;
    this.#spelling = spelling;
  }

  statement(): string {
    return this.#oneOf([
      () => this.#select(2),
      () => this.#select(3),
      () => this.#insert(),
      () => this.#words("UPDATE", this.#table(), "SET", `a = ${this.#expression(2)}`, this.#where(2)),
      () => this.#words("DELETE FROM", this.#table(), this.#where(2)),
      () => this.#words("WITH", `q AS (${this.#select(1)})`, this.#select(2)),
      () => this.#words(`(${this.#select(1)})`, "UNION ALL", `(${this.#select(1)})`),
      () => this.#words("EXPLAIN", this.#select(1)),
    ]);
  }

  #select(depth: number): string {
    const join = this.#choose(4) > 0 ? "" : this.#words("LEFT JOIN", "u", "ON", this.#condition(depth - 1));
    const columns = this.#list(1 + this.#choose(3), () => this.#expression(depth - 1));
    const rest = this.#oneOf([
      () => "",
      () => this.#words("GROUP BY", this.#column(), "HAVING", this.#expression(depth - 1), ">", this.#constant()),
      () => this.#words("ORDER BY", this.#column(), "LIMIT", this.#number(), "OFFSET", this.#number()),
    ]);
    return this.#words("SELECT", columns, "FROM", this.#table(), join, this.#where(depth - 1), rest);
  }

  #insert(): string {
    const width = 1 + this.#choose(3);
    const rows = this.#list(this.#spelling.length(), () => `(${this.#list(width, () => this.#constant())})`);
    const conflict =
      this.#syntax.dialect === "postgresql" ? "ON CONFLICT (a) DO UPDATE SET" : "ON DUPLICATE KEY UPDATE";
    const rest = this.#choose(4) > 0 ? "" : this.#words(conflict, `b = ${this.#expression(1)}`);
    return this.#words("INSERT INTO", `${pick(this.#choose, ["t", "public.orders"])} (a, b)`, "VALUES", rows, rest);
  }

  #where(depth: number): string {
    return this.#choose(3) === 0 ? "" : this.#words("WHERE", this.#condition(depth));
  }

  #condition(depth: number): string {
    const left = this.#column();
    return this.#oneOf([
      () => this.#words(left, pick(this.#choose, ["=", "<>", ">=", "<"]), this.#expression(depth - 1)),
      () => this.#words(left, "IN", `(${this.#list(this.#spelling.length(), () => this.#constant())})`),
      () => this.#words(left, "BETWEEN", this.#constant(), "AND", this.#constant()),
      () => this.#words(left, pick(this.#choose, ["IS NULL", "IS NOT NULL", "IS TRUE"])),
      () => this.#words(left, "LIKE", this.#constant()),
      () => this.#words("NOT", `(${left} = ${this.#constant()})`),
      () => (depth > 0 ? this.#words(this.#condition(depth - 1), "AND", this.#condition(depth - 1)) : `${left} = a`),
      () => (depth > 0 ? this.#words(left, "IN", `(${this.#select(depth - 1)})`) : `a = ${left}`),
    ]);
  }

  #expression(depth: number): string {
    return this.#oneOf([
      () => this.#constant(),
      () => this.#column(),
      () => `coalesce(${this.#column()}, ${this.#constant()})`,
      () => this.#words("CASE WHEN", this.#condition(depth - 1), "THEN", this.#constant(), "ELSE", "a", "END"),
      () => (depth > 0 ? `(${this.#expression(depth - 1)}${this.#space()}* ${this.#constant()})` : "b"),
      () => `${this.#column()} - ${this.#number()}`,
    ]);
  }

  #table(): string {
    const quoted = this.#syntax.dialect === "postgresql" || this.#syntax.ansiQuotes ? '"T 9"' : "`T 9`";
    return pick(this.#choose, ["t", "public.orders", quoted, "t1 x"]);
  }

  #column(): string {
    const postgresql = this.#syntax.dialect === "postgresql";
    return pick(this.#choose, ["a", "b2", "t.c", postgresql ? '"C""d"' : "`C``d`"]);
  }

  #constant(): string {
    return this.#spelling.constant();
  }

  #number(): string {
    return this.#spelling.length() > 2 ? secretDigits : `${secretDigits}0`;
  }

  #list(length: number, element: () => string): string {
    return Array.from({ length }, element).join(`,${this.#space()}`);
  }

  #words(...parts: readonly string[]): string {
    const written = parts.filter((part) => part !== "").map((part) => this.#keywords(part));
    return written.reduce((text, part) => `${text}${this.#space()}${part}`);
  }

  /** Only what is a keyword and nothing else may change its case. */
  #keywords(part: string): string {
    return /^[A-Z ]+$/.test(part) ? part.split(" ").map(this.#spelling.keyword).join(this.#space()) : part;
  }

  #space(): string {
    return this.#spelling.space();
  }

  #oneOf(parts: readonly (() => string)[]): string {
    return pick(this.#choose, parts)();
  }
}

function pick<T>(choose: Choice, values: readonly T[]): T {
  const value = values[choose(values.length)];
  if (value === undefined) throw new Error("nothing to choose from");
  return value;
}
