import { expect, it } from "vitest";
import type { ScanningStatement, TableScan } from "../plans/known-scans.ts";
import { namesIn, objectOf, proposalsFor } from "./index-proposal.ts";
import type { ScannedColumn } from "./scanned-columns.ts";

function statement(scan: Partial<TableScan>, of: Partial<ScanningStatement> = {}): ScanningStatement {
  const scans = [{ schema: undefined, relation: "orders", conditions: ["customer = ?"], rows: 10, ...scan }];
  return { database: "shop", queryId: "1", userId: 10, role: "app", query: undefined, meanMs: 1, scans, ...of };
}

/** Columns of a table with a million rows, with so many different values. */
function table(distinct: Readonly<Record<string, number>>, of: Partial<ScannedColumn> = {}): readonly ScannedColumn[] {
  return Object.entries(distinct).map(([column, values]) => ({
    ...{ oid: 1, schema: "public", relation: "orders", quotedTable: "public.orders", rows: 1_000_000, root: undefined },
    ...{ column, quotedColumn: column, isText: false, distinct: values, indexed: false },
    ...of,
  }));
}

const customer = table({ customer: 5000 });

function objects(statements: readonly ScanningStatement[], known: readonly ScannedColumn[]) {
  return proposalsFor(statements, known).map(objectOf);
}

it("begins with the columns that find fewest rows, and has one range at the end", () => {
  const conditions = ["at > ?", "at < ?", "b = ?", "c is null", "d = any ?", "e = ?", "lower (x) = ?"];
  const known = table({ at: 900_000, b: 10, c: 20_000, d: 300, e: 2 });
  expect(objects([statement({ conditions })], known)).toEqual(["public.orders (c, d, b)"]);
  expect(objects([statement({ conditions: ["at > ?", "b = ?"] })], known)).toEqual(["public.orders (b, at)"]);
  expect(objects([statement({ conditions: ["at > ?"] })], known)).toEqual(["public.orders (at)"]);
});

it("leaves out what an index would not help: many rows, an index that is there, casts, unknown columns", () => {
  expect(objects([statement({ rows: 60_000 })], customer)).toEqual([]);
  expect(objects([statement({})], table({ customer: 5000 }, { indexed: true }))).toEqual([]);
  expect(objects([statement({ conditions: ["customer::text = ?"] })], customer)).toEqual([]);
  expect(
    objects([statement({ conditions: ["customer::text = ?"] })], table({ customer: 9 }, { isText: true })),
  ).toEqual(["public.orders (customer)"]);
  expect(objects([statement({ conditions: ["customer = ?", "gone = ?"] })], customer)).toEqual([]);
  expect(objects([statement({ conditions: [] })], customer)).toEqual([]);
});

it("takes a table that is in several schemas only where the statement says which", () => {
  const both = [...customer, ...table({ customer: 7 }, { oid: 2, schema: "archive" })];
  expect(objects([statement({})], both)).toEqual([]);
  expect(objects([statement({ schema: "archive" })], both)).toEqual(["archive.orders (customer)"]);
  const query = "SELECT 1 FROM archive.orders WHERE customer = $1";
  expect(objects([statement({}, { query })], both)).toEqual(["archive.orders (customer)"]);
  const other = "SELECT 1 FROM archive.orders JOIN public.orders USING (id) WHERE customer = $1";
  expect(objects([statement({}, { query: other })], both)).toEqual([]);
});

it("is one for all statements that it serves and for all partitions, the slowest statement first", () => {
  const root = { schema: "public", relation: "events", quotedTable: "public.events" };
  const parts = ["events_1", "events_2"].flatMap((relation, oid) => table({ customer: 9 }, { oid, relation, root }));
  const scans = ["events_1", "events_2"].flatMap((relation) => statement({ relation }).scans);
  const fast = statement({}, { queryId: "fast", scans });
  const slow = statement({}, { queryId: "slow", meanMs: 9, scans });
  const [proposal, ...others] = proposalsFor([fast, slow], parts);
  expect(others).toEqual([]);
  expect(proposal).toMatchObject({ relation: "events", partitioned: true, target: "public.events (customer)" });
  expect(proposal?.statements.map(({ queryId }) => queryId)).toEqual(["slow", "fast"]);
  expect(namesIn([fast])).toEqual({ relations: ["events_1", "events_2"], columns: ["customer"] });
});
