import fc from "fast-check";
import { expect, it } from "vitest";
import { redactSql } from "./redaction.ts";

/** What no output may hold. Digits only, so that it fits every kind of constant. */
const secret = "9078051120";

const filler = fc.constantFrom("", " ", "x", "é", "''", " -- ", "/*", "\n", '"', "$", ";", " in (");

/** A constant with the secret in it, in one of the forms that PostgreSQL knows. */
const constant = fc.oneof(
  fc.constantFrom(secret, `-${secret}`, `0.${secret}`, `1e${secret}`, `0x${secret}`, `${secret}abc`),
  fc.tuple(filler, filler).map(([a, b]) => `'${a}${secret}${b}'`),
  fc.tuple(filler, filler).map(([a, b]) => `E'${a}\\'${secret}\\\\${b}'`),
  fc.tuple(filler, filler).map(([a, b]) => `U&'${a}${secret}${b}'`),
  fc.constantFrom(`B'${secret}'`, `X'${secret}'`, `N'${secret}'`),
  fc.tuple(filler, filler).map(([a, b]) => `$$${a.replace("$", "")} ${secret} ${b.replace("$", "")}$$`),
  fc.tuple(filler, filler).map(([a, b]) => `$q$${a} ${secret} ${b} $q$`),
  fc.tuple(filler, filler).map(([a, b]) => `/* ${a.replace("/*", "")} ${secret} ${b.replace("/*", "")} */ 1`),
  fc.constant(`1 -- ${secret}\n`),
);

const expression: fc.Arbitrary<string> = fc.oneof(
  constant,
  fc.constantFrom("$1", "col", '"Quoted ""Col"""', "t.c1", "f(a)", "null"),
  fc.tuple(constant, constant).map(([a, b]) => `coalesce(${a}, ${b})`),
  fc.array(constant, { minLength: 1, maxLength: 5 }).map((list) => `a in (${list.join(",")})`),
  fc.array(constant, { minLength: 1, maxLength: 5 }).map((list) => `any(array[${list.join(" , ")}])`),
);

const statement = fc.oneof(
  fc
    .tuple(fc.array(expression, { minLength: 1, maxLength: 4 }), expression)
    .map(([columns, filter]) => `select ${columns.join(", ")} from t where x = ${filter}`),
  fc.array(constant, { minLength: 1, maxLength: 4 }).map((row) => `insert into t values (${row.join(",")})`),
  constant.map((value) => `ALTER ROLE joe PASSWORD ${value}`),
  // The space after the sign matters: `--5` would begin a comment, which swallows the opening quotes behind it.
  constant.map((value) => `with a as (select ${value}) update t set x = - ${value} where y <> ${value}`),
);

const script = fc.array(statement, { minLength: 1, maxLength: 3 }).map((statements) => statements.join("; "));

it("lets no constant and no comment through, wherever the text is cut off", () => {
  fc.assert(
    fc.property(script, fc.nat(), (sql, cut) => {
      for (const text of [sql, sql.slice(0, cut % (sql.length + 1))]) {
        // Even a piece of the secret must not show: its first digits occur nowhere else and are no parameter's number.
        expect(redactSql(text, "postgresql").text).not.toContain(secret.slice(0, 5));
      }
    }),
    { numRuns: 5000 },
  );
});

it("changes nothing more when it is run on its own output", () => {
  fc.assert(
    fc.property(script, (sql) => {
      const once = redactSql(sql, "postgresql");
      expect(redactSql(once.text, "postgresql").text).toBe(once.text);
    }),
    { numRuns: 2000 },
  );
});

it("never fails, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (sql) => {
      const { text } = redactSql(sql, "postgresql");
      expect(text.length).toBeLessThanOrEqual(sql.length + 1);
    }),
    { numRuns: 5000 },
  );
});

it.each(["'", '"', "$", "$a", "/*", "*/", "--", "\\'", "E'\\", "in (1,", "-", "(", "$a$", "0x", "1e+", ";", "u&'"])(
  "takes a megabyte of %j in linear time",
  (piece) => {
    // Quadratic work on a megabyte would take minutes and fail by the runner's limit.
    const sql = `select ${piece.repeat(1_000_000 / piece.length)}`;
    expect(redactSql(sql, "postgresql").kind).toBe("SELECT");
  },
);
