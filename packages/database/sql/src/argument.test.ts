import { describe, expect, it } from "vitest";
import {
  analyzeSql,
  commentTags,
  fingerprintSql,
  Lexer,
  parseTraceparent,
  readOnlyObjection,
  redactExpression,
  redactSql,
  TextCache,
} from "./index.ts";

/** As a caller without types sees them. */
type Untyped = (text: unknown, syntax?: unknown) => unknown;

const cache = new TextCache({ max: 10, read: redactSql });
const readers = Object.entries({
  analyzeSql,
  commentTags,
  fingerprintSql,
  readOnlyObjection,
  redactExpression,
  redactSql,
  Lexer: (text: string, syntax: "mysql") => new Lexer(text, syntax),
  TextCache: (text: string, syntax: "mysql") => cache.read(text, syntax),
}) as [string, Untyped][];

describe.each(readers)("%s", (_name, read) => {
  it.each([undefined, null, 7, { text: "select 1" }])("takes no %o for a text", (given) => {
    expect(() => read(given, "mysql")).toThrow(
      expect.objectContaining({ code: "DBI_ARGUMENT", message: expect.stringMatching(/^expected .*text.*, found /) }),
    );
  });

  it.each(["postgres", "select 'jane'", undefined, null, {}, { dialect: "MySQL" }])(
    "takes no %o for a dialect, and says which there are",
    (given) => {
      const message = 'the dialect of the SQL is not "postgresql", "mysql" or "mariadb"';
      expect(() => read("select 1", given)).toThrow(expect.objectContaining({ code: "DBI_ARGUMENT", message }));
    },
  );
});

it("takes nothing but a text for a traceparent", () => {
  expect(() => (parseTraceparent as Untyped)(undefined)).toThrow(expect.objectContaining({ code: "DBI_ARGUMENT" }));
});
