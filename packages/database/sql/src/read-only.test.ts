import { describe, expect, it } from "vitest";
import { readOnlyObjection } from "./read-only.ts";

describe("readOnlyObjection", () => {
  it.each([
    "SELECT count(*) FROM orders",
    "select 1;",
    "WITH open AS (SELECT * FROM orders WHERE done IS NULL) SELECT count(*) FROM open -- only these",
    "SHOW max_connections",
    "SELECT ';', 'INSERT' AS \"delete\" FROM t",
    "SELECT updated_at, for_sale FROM t",
  ])("takes %j", (text) => {
    expect(readOnlyObjection(text, "postgresql")).toBeUndefined();
  });

  it.each([
    ["", "is empty"],
    ["-- nothing", "is empty"],
    ["DELETE FROM t", "must begin with"],
    ["SELECT 1; SELECT 2", "more than one"],
    ["SELECT 1; -- one", "a comment behind its semicolon"],
    ["SELECT 1; DROP TABLE t;", "more than one"],
    ["WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", "the word DELETE"],
    ["SELECT * INTO copy FROM t", "the word INTO"],
    ["SELECT * FROM t FOR UPDATE", "the word UPDATE"],
    ["SELECT * FROM t FOR NO KEY UPDATE", "locks rows"],
    ["SELECT * FROM t FOR SHARE", "locks rows"],
    ["SELECT pg_terminate_backend(1)", "PG_TERMINATE_BACKEND"],
    ["SELECT pg_catalog.set_config ('x', 'y', false)", "SET_CONFIG"],
    ["SELECT 1) AS q, (SELECT 2", "parentheses"],
    ["SELECT (1", "parentheses"],
  ])("objects to %j", (text, reason) => {
    expect(readOnlyObjection(text, "postgresql")).toContain(reason);
  });

  it.each([
    ["SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */", "the word INTO"],
    ["SELECT 1 /*M! INTO OUTFILE '/tmp/x' */", "the word INTO"],
    ["SELECT * FROM t LOCK IN SHARE MODE", "locks rows"],
    ["SELECT * FROM t INTO OUTFILE '/tmp/x'", "the word INTO"],
    ["SELECT SLEEP(10)", "SLEEP"],
  ])("objects to MySQL's %j", (text, reason) => {
    expect(readOnlyObjection(text, "mysql")).toContain(reason);
  });

  it("takes comments that no server executes", () => {
    expect(readOnlyObjection("SELECT /* all of them */ 1 # so", "mysql")).toBeUndefined();
  });
});
