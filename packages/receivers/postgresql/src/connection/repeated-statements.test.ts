import { describe, expect, it } from "vitest";
import { RepeatedStatements } from "./repeated-statements.ts";

describe("RepeatedStatements", () => {
  it("names a text from the second time on, everywhere by the same name", () => {
    const repeated = new RepeatedStatements();
    expect(repeated.nameOf("SELECT 1")).toBeUndefined();
    const name = repeated.nameOf("SELECT 1");
    expect(name).toMatch(/^dbintel_[0-9a-f]{16}$/);
    expect(repeated.nameOf("SELECT 1")).toBe(name);
    const other = new RepeatedStatements();
    expect([other.nameOf("SELECT 2"), other.nameOf("SELECT 1")]).toEqual([undefined, undefined]);
    expect(other.nameOf("SELECT 1")).toBe(name);
    expect(other.nameOf("SELECT 2")).not.toBe(name);
  });

  it("names nothing but queries", () => {
    const repeated = new RepeatedStatements();
    for (const text of ["EXPLAIN SELECT $1", "BEGIN", "SHOW work_mem", "SELECTED"]) {
      repeated.nameOf(text);
      expect(repeated.nameOf(text), text).toBeUndefined();
    }
    repeated.nameOf("with t as (select 1) table t");
    expect(repeated.nameOf("with t as (select 1) table t")).toBeDefined();
  });

  it("knows a bounded number of texts, and names no more than it may", () => {
    const repeated = new RepeatedStatements();
    repeated.nameOf("SELECT 'forgotten'");
    for (let n = 0; n < 64; n++) repeated.nameOf(`SELECT ${n}`);
    expect(repeated.nameOf("SELECT 'forgotten'")).toBeUndefined();
    const texts = [...Array.from({ length: 63 }, (_, n) => `SELECT ${n + 1}`), "SELECT 'forgotten'"];
    const names = texts.map((text) => repeated.nameOf(text));
    expect(names).not.toContain(undefined);
    expect(new Set(names).size).toBe(texts.length);
    repeated.nameOf("SELECT 'one more'");
    expect(repeated.nameOf("SELECT 'one more'")).toBeUndefined();
    expect(repeated.nameOf("SELECT 1")).toBe(names[0]);
  });

  it("takes no other error for one of preparing", () => {
    const repeated = new RepeatedStatements();
    repeated.nameOf("SELECT 1");
    repeated.nameOf("SELECT 1");
    expect(repeated.refused("SELECT 1", new Error("cached plan must not change result type"))).toBe(false);
    expect(repeated.nameOf("SELECT 1")).toBeDefined();
  });
});
