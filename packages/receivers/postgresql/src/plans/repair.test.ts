import { describe, expect, it } from "vitest";
import { repaired, withoutTypedParameters } from "./repair.ts";

const newest = 180_000;

describe("what no grammar takes is written otherwise", () => {
  it.each([
    ["SELECT now() - interval $1", "SELECT now() - CAST($1 AS interval)"],
    ["SELECT interval $1 day, a", "SELECT CAST($1 AS interval day), a"],
    ["SELECT interval $1 hour to second(3)", "SELECT CAST($1 AS interval hour to second(3))"],
    ["WHERE t > DATE $1", "WHERE t > CAST($1 AS DATE)"],
    ["WHERE t > timestamp(3) with time zone $2 AND a", "WHERE t > CAST($2 AS timestamp(3) with time zone) AND a"],
    ["SELECT jsonb $1 ->> $2", "SELECT CAST($1 AS jsonb) ->> $2"],
    ["SELECT extract($1 from o.t)", "SELECT pg_catalog.extract($1 , o.t)"],
    ["SELECT EXTRACT ( $1 FROM date $2 )", "SELECT pg_catalog.extract( $1 , CAST($2 AS date) )"],
  ])("%s", (text, written) => {
    expect(withoutTypedParameters(text, newest)).toBe(written);
  });

  it.each([
    "SELECT date, interval FROM t LIMIT $1",
    "SELECT o.date + $1 FROM o",
    "SELECT a::date = $1",
    "SELECT substring(a from $1 for $2)",
    "SELECT 'interval $1', \"date $1\" FROM t",
    "/*+ SeqScan(t) */ SELECT a FROM t",
  ])("and %s stays", (text) => {
    expect(withoutTypedParameters(text, newest)).toBe(text);
  });

  it("comments go, and before PostgreSQL 14 extract is called date_part", () => {
    expect(withoutTypedParameters("SELECT extract($1 from t) -- a year\n FROM o", 130_000)).toBe(
      "SELECT pg_catalog.date_part($1 , t) FROM o",
    );
  });
});

describe("what the server complains about", () => {
  const complaint = (sqlState: string, position?: number, message = "") => ({ sqlState, position, message });

  it("an operator or a function that fits several types is given numbers", () => {
    expect(repaired("SELECT $1 + $2", complaint("42725", 10))).toBe("SELECT $1::int + $2::int");
    expect(repaired("SELECT a, mod($1, $2)", complaint("42725", 10))).toBe("SELECT a, mod($1::int, $2::int)");
    expect(repaired("SELECT s.f(g($1), $2)", complaint("42725", 7))).toBe("SELECT s.f(g($1), $2::int)");
  });

  it("a parameter of any type is text", () => {
    const message = "could not determine data type of parameter $2";
    expect(repaired("SELECT f($1, $2)", complaint("42P18", undefined, message))).toBe("SELECT f($1, $2::text)");
  });

  it("a value that was taken for text is a number, one after the other", () => {
    expect(repaired("SELECT a = ANY(ARRAY[$1, $2])", complaint("42883", 9))).toBe("SELECT a = ANY(ARRAY[$1::int, $2])");
    expect(repaired("VALUES ($1::int, $2)", complaint("42883"))).toBe("VALUES ($1::int, $2::int)");
  });

  it("an expression that GROUP BY has with its constant gets the same", () => {
    expect(
      repaired("SELECT date_trunc($1, t), left(a, $2), $3 FROM o GROUP BY date_trunc('day', T), left(a, 3) LIMIT $4", {
        ...complaint("42803"),
      }),
    ).toBe("SELECT date_trunc('day', t), left(a, 3), $3 FROM o GROUP BY date_trunc('day', T), left(a, 3) LIMIT $4");
  });

  it.each([
    ["SELECT a FROM t", complaint("42725", 7)],
    ["SELECT a + b", complaint("42725", 9)],
    ["SELECT $1 + $2", complaint("42725")],
    ["SELECT $1 + $2", complaint("42725", 99)],
    ["SELECT f(a)", complaint("42883", 7)],
    ["SELECT a FROM t GROUP BY b", complaint("42803")],
    ["SELECT a FROM t", complaint("42P01", 14)],
    ["SELECT f($1)", complaint("42P18")],
  ])("%s: where nothing helps nothing is tried", (text, said) => {
    expect(repaired(text, said)).toBeUndefined();
  });
});
