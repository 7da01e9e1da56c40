import { fingerprintSync, loadModule, normalizeSync } from "libpg-query";
import { beforeAll, expect, it } from "vitest";
import { fingerprintSql } from "../src/fingerprint.ts";
import { choices, secretSpelling, statement } from "./grammar.ts";

// PostgreSQL's own parser, compiled to WebAssembly, with the normalisation of pg_stat_statements.
beforeAll(() => loadModule());

const syntax = { dialect: "postgresql" } as const;

it("gives the text that PostgreSQL's grammar normalises the fingerprint of the raw text", () => {
  const choose = choices(5);
  for (let count = 0; count < 2000; count++) {
    const sql = statement(syntax, choose, secretSpelling(syntax, choose, { typed: true }));
    const normalized = normalizeSync(sql);
    expect(fingerprintSql(normalized, "postgresql"), `${sql}\n${normalized}`).toBe(fingerprintSql(sql, "postgresql"));
  }
});

it("never joins statements that PostgreSQL's grammar tells apart", () => {
  const choose = choices(9);
  const byOurs = new Map<string, { readonly sql: string; readonly theirs: string }>();
  let shared = 0;
  for (let count = 0; count < 2000; count++) {
    const sql = statement(syntax, choose, secretSpelling(syntax, choose, { typed: false }));
    const ours = fingerprintSql(sql, "postgresql");
    const theirs = fingerprintSync(sql);
    const before = byOurs.get(ours);
    if (before === undefined) byOurs.set(ours, { sql, theirs });
    else {
      shared++;
      expect(theirs, `${sql}\n${before.sql}`).toBe(before.theirs);
    }
  }
  expect(shared).toBeGreaterThan(50);
});
