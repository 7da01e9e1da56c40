import { describe, expect, it } from "vitest";
import { shownText } from "./statement-text.ts";

function shown(sql: string, digestText?: string) {
  return shownText({ info: undefined, statement: { sql, digestText } }, "mysql");
}

describe("the text of a sample", () => {
  it("has no constants", () => {
    expect(shown("SELECT a FROM t WHERE b = 'jane@example.com' /* 4711 */")).toEqual({
      text: "SELECT a FROM t WHERE b = ?",
      truncated: false,
    });
  });

  it("is what the server made of it where a backslash leaves open what a constant is", () => {
    const sql = String.raw`SELECT a FROM t WHERE b = 'it\' AND c = ' secret '`;
    expect(shown(sql, "SELECT `a` FROM `t` WHERE `b` = ? AND `c` = ?")?.text).toBe(
      "SELECT `a` FROM `t` WHERE `b` = ? AND `c` = ?",
    );
    expect(shown(sql)).toBeUndefined();
  });

  it("says that the server has cut it off, inside a constant too", () => {
    expect(shown("SELECT a FROM t WHERE b = 'jane@exam...")).toEqual({
      text: "SELECT a FROM t WHERE b = ?",
      truncated: true,
    });
    const info = `SELECT a FROM t WHERE b = '${"x".repeat(1000)}`;
    expect(shownText({ info, statement: undefined }, "mariadb")).toMatchObject({ truncated: true });
  });
});
