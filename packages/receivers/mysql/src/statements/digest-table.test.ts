import { describe, expect, it } from "vitest";
import { type DigestRow, DigestTable } from "./digest-table.ts";
import { availableCounters } from "./statement-columns.ts";

const counters = availableCounters(new Set(["COUNT_STAR", "SUM_TIMER_WAIT"]));

function tableOf(rows: Readonly<Record<string, bigint>>): DigestTable {
  const read = Object.entries(rows).map(
    ([digest, calls]): DigestRow => ({ schema: "app", digest, firstSeenMicros: 1, values: [calls, 10n * calls] }),
  );
  return new DigestTable(counters, read);
}

function contentOf(table: DigestTable): readonly (readonly [string | null, bigint, bigint])[] {
  return Array.from(
    { length: table.count },
    (_, row) => [table.key(row).digest, table.value(row, 0), table.value(row, 1)] as const,
  );
}

describe("DigestTable", () => {
  it("takes over what changed, in the rows that there are and behind them", () => {
    const table = tableOf({ a: 1n, b: 2n, c: 3n });
    const changed = tableOf({ d: 7n, b: 5n });
    expect(table.countWith(changed)).toBe(4);
    table.update(changed);
    expect(contentOf(table)).toEqual([
      ["a", 1n, 10n],
      ["b", 5n, 50n],
      ["c", 3n, 30n],
      ["d", 7n, 70n],
    ]);
    expect(table.find({ schema: "app", digest: "d" })).toBe(3);
    expect(table.values.between(0, 2 * table.count)).toHaveLength(8);
    expect(contentOf(changed)).toHaveLength(2);
  });

  it("keeps what it has when nothing changed", () => {
    const table = tableOf({ a: 1n });
    table.update(tableOf({}));
    expect(contentOf(table)).toEqual([["a", 1n, 10n]]);
  });

  it("is not faithful when two rows of the server's are one here, or rows were left out", () => {
    const values = [1n, 10n];
    const twice = { schema: "app", digest: "a", firstSeenMicros: 1, values };
    expect(tableOf({ a: 1n }).isFaithful).toBe(true);
    expect(new DigestTable(counters, [twice, twice]).isFaithful).toBe(false);
    expect(new DigestTable(counters, [twice], true).isFaithful).toBe(false);
  });
});
