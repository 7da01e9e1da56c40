import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { high, low, SparseRows, UnpackedRow, wordOf } from "./sparse-rows.ts";

/** A row as a test states it; places that it does not name are 0. */
interface TestRow {
  readonly head: readonly number[];
  readonly flag: boolean;
  readonly values: ReadonlyMap<number, bigint>;
}

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const value = fc.oneof(fc.constantFrom(0n, 1n, 2n ** 32n, 2n ** 63n), fc.bigInt(0n, 2n ** 64n - 1n));
const testRow: fc.Arbitrary<TestRow> = fc.record({
  head: fc.array(word, { minLength: 6, maxLength: 6 }),
  flag: fc.boolean(),
  values: fc.array(fc.tuple(fc.nat(62), value), { maxLength: 63 }).map((entries) => new Map(entries)),
});

/** What happens to rows: one is added, or takes the place of one of them. */
const step = fc.record({ at: fc.option(fc.nat()), row: testRow });

function unpacked({ head, flag, values }: TestRow): UnpackedRow {
  const row = new UnpackedRow();
  row.words.set(head);
  row.flag = flag;
  for (const [place, number] of values) {
    row.words[wordOf(place) + low] = Number(number & 0xffff_ffffn);
    row.words[wordOf(place) + high] = Number(number >> 32n);
  }
  return row;
}

function rowsOf(...all: readonly TestRow[]): SparseRows {
  const rows = new SparseRows(0);
  for (const row of all) rows.append(unpacked(row));
  return rows;
}

function readBack(rows: SparseRows, row: number): TestRow {
  const places = Array.from({ length: 63 }, (_, place) => place);
  const values = places.map(
    (place) => [place, (BigInt(rows.high(row, place)) << 32n) | BigInt(rows.low(row, place))] as const,
  );
  return {
    head: [0, 1, 2, 3, 4, 5].map((index) => rows.head(row, index)),
    flag: rows.flag(row),
    values: new Map(values.filter(([, number]) => number !== 0n)),
  };
}

function withoutZeros(row: TestRow): TestRow {
  return { ...row, values: new Map([...row.values].filter(([, number]) => number !== 0n).sort(([a], [b]) => a - b)) };
}

describe("rows", () => {
  it("read as they were written, however often they grow and shrink", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const rows = new SparseRows(0);
        const model: TestRow[] = [];
        for (const { at, row } of steps) {
          const target = at === null || model.length === 0 ? -1 : at % model.length;
          const written = rows.assign(target, rowsOf(row), 0);
          expect(written).toBe(target < 0 ? model.length : target);
          model[written] = withoutZeros(row);
        }
        expect(model.map((_, row) => readBack(rows, row))).toEqual(model);
        const saved = SparseRows.of(rows.bytes(model.length));
        expect(saved?.count).toBe(model.length);
        if (saved !== undefined) expect(model.map((_, row) => readBack(saved, row))).toEqual(model);
      }),
    );
  });

  it("are saved up to a number of them", () => {
    fc.assert(
      fc.property(fc.array(testRow, { maxLength: 10 }), fc.nat(12), (all, most) => {
        expect(SparseRows.of(rowsOf(...all).bytes(most))?.count).toBe(Math.min(all.length, most));
      }),
    );
  });

  it("hold a float8 as it is", () => {
    fc.assert(
      fc.property(fc.double(), fc.nat(62), (number, place) => {
        const row = new UnpackedRow();
        new Float64Array(row.words.buffer)[wordOf(place) / 2] = number;
        const rows = new SparseRows(0);
        rows.append(row);
        expect(rows.float(0, place)).toBe(number);
      }),
    );
  });

  it("take no other bytes for theirs and never read beyond them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const rows = SparseRows.of(bytes);
        if (rows !== undefined) expect(rows.bytes(rows.count)).toEqual(bytes);
      }),
    );
  });
});

it("rows that come and go take no more room than a few times what they need", () => {
  const rows = new SparseRows(0);
  const small = rowsOf({ head: [1], flag: false, values: new Map() });
  const large = rowsOf({
    head: [1],
    flag: false,
    values: new Map(Array.from({ length: 63 }, (_, place) => [place, 1n])),
  });
  for (let row = 0; row < 100; row++) rows.assign(-1, small, 0);
  for (let time = 0; time < 10_000; time++) rows.assign(time % 100, time % 3 === 0 ? small : large, 0);
  const needed = 100 * large.bytes(1).length;
  expect(rows.room).toBeLessThan(4 * needed);
});
