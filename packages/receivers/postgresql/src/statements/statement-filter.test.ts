import { expect, it } from "vitest";
import { append, type TestEntry } from "../../test/data-row.ts";
import { statementShape } from "./statement-columns.ts";
import { Fingerprints } from "./statement-filter.ts";
import { StatementTable } from "./statement-table.ts";

const shape = statementShape(new Set(["toplevel", "calls"]));

function entry(query: number, calls: number): TestEntry {
  return {
    ...{ databaseId: 4_294_967_295, userId: 4_000_000_000, queryId: BigInt(query) << 40n, toplevel: query % 2 === 0 },
    ...{ since: 0n, counters: [BigInt(calls)] },
  };
}

/** How many elements an `int8[]` in binary format has; as the server reads it. */
function sizeOf(array: Buffer): number {
  const dimensions = array.readInt32BE(0);
  expect(array.readInt32BE(8)).toBe(20);
  if (dimensions === 0) {
    expect(array.length).toBe(12);
    return 0;
  }
  expect(array.length).toBe(20 + 12 * array.readInt32BE(12));
  return array.readInt32BE(12);
}

const elementsOf = (text: string) => text.slice(1, -1).split(",").map(BigInt);

it("the base holds each row, and what is sent besides only those that changed since", () => {
  const rows = 5500;
  const table = append(new StatementTable(shape), ...Array.from({ length: rows }, (_, query) => entry(query, query)));
  const fingerprints = new Fingerprints(table);
  const base = elementsOf(fingerprints.rebase());
  expect(new Set(base).size).toBe(rows);
  expect(sizeOf(fingerprints.bytes)).toBe(0);

  const one = append(new StatementTable(shape), entry(7, 8));
  for (let times = 0; times < 3; times++) fingerprints.update(table.assign(7, one, 0));
  expect(sizeOf(fingerprints.bytes)).toBe(1);
  // In the array and in the base it is the same number.
  const sent = fingerprints.bytes.readBigInt64BE(24);
  expect(base).not.toContain(sent);
  expect(elementsOf(fingerprints.rebase())[7]).toBe(sent);
  expect(sizeOf(fingerprints.bytes)).toBe(0);
});

it("are worn when a quarter of the rows has changed, and more than a few", () => {
  for (const [rows, last] of [
    [100, 100],
    [8000, 2000],
  ] as const) {
    const table = append(new StatementTable(shape), ...Array.from({ length: rows }, (_, query) => entry(query, 1)));
    const fingerprints = new Fingerprints(table);
    for (let row = 0; row < last; row++) fingerprints.update(row);
    expect(fingerprints.worn).toBe(false);
    if (last === rows) continue;
    fingerprints.update(last);
    expect(fingerprints.worn).toBe(true);
    fingerprints.rebase();
    expect(fingerprints.worn).toBe(false);
  }
});

it("are not sent of a row that changes with each reading, until it rests", () => {
  const table = append(new StatementTable(shape), ...Array.from({ length: 10 }, (_, query) => entry(query, 1)));
  const fingerprints = new Fingerprints(table);
  const sent = () =>
    Array.from({ length: sizeOf(fingerprints.bytes) }, (_, at) => fingerprints.bytes.readBigInt64BE(24 + 12 * at));
  const read = (calls: number, ...queries: number[]) => {
    fingerprints.begin();
    for (const query of queries) {
      fingerprints.update(table.assign(query, append(new StatementTable(shape), entry(query, calls)), 0));
    }
    return sent();
  };
  const others = read(2, 3, 4, 5);
  expect(others).toHaveLength(3);
  expect(read(3, 3)).toEqual(others.toSpliced(0, 1).reverse());
  expect(read(4, 3)).toHaveLength(2);
  // It has not been executed since: now it need not be read again.
  const rested = read(4, 3);
  expect(rested).toEqual([...others.toSpliced(0, 1).reverse(), elementsOf(fingerprints.rebase())[3]]);
  expect(sent()).toEqual([]);
  expect(read(5, 3)).toHaveLength(1);
});
