import { describe, expect, it } from "vitest";
import { type DigestRow, DigestTable } from "./digest-table.ts";
import { availableCounters } from "./statement-columns.ts";
import { counted, type DeltaArgs, statementDeltas } from "./statement-deltas.ts";

const counters = availableCounters(new Set(["COUNT_STAR", "SUM_TIMER_WAIT", "SUM_ROWS_SENT"]));
const secondMicros = 1_000_000n;
const previousMicros = 1000n * secondMicros;

function row(digest: string | null, values: readonly bigint[], change: Partial<DigestRow> = {}): DigestRow {
  return { schema: "app", digest, firstSeenMicros: 1, values, ...change };
}

function compare(previous: readonly DigestRow[], current: readonly DigestRow[], change: Partial<DeltaArgs> = {}) {
  const table = new DigestTable(counters, current);
  const deltas = statementDeltas({
    current: table,
    previous: new DigestTable(counters, previous),
    continuity: "continued",
    previousMicros,
    ...change,
  });
  const changed = deltas.changed.map((delta) => counted(delta, deltas, table));
  return {
    ledger: deltas.ledger,
    changed: changed.map(({ row: at, kind, values }) => ({ ...table.key(at), kind, values })),
  };
}

describe("statementDeltas", () => {
  it("tells growth exactly where a double could not", () => {
    const before = 2n ** 53n + 1n;
    const { changed } = compare([row("a", [1n, before, 0n])], [row("a", [2n, before + 2n, 0n])]);
    expect(changed).toEqual([{ schema: "app", digest: "a", kind: "normal", values: [1n, 2n, 0n] }]);
  });

  it("goes on where picoseconds pass the end of 64 bits", () => {
    const { changed } = compare([row("a", [1n, 2n ** 64n - 5n, 0n])], [row("a", [2n, 7n, 0n])]);
    expect(changed).toMatchObject([{ kind: "normal", values: [1n, 12n, 0n] }]);
  });

  it("takes a row of the last poll's second as begun anew when its execution time fell", () => {
    const young = { firstSeenMicros: Number(previousMicros) - 1 };
    const { changed } = compare([row("a", [1n, 500n, 0n], young)], [row("a", [2n, 7n, 0n], young)]);
    expect(changed).toMatchObject([{ kind: "reset_inferred", values: [2n, 7n, 0n] }]);
  });

  it("never mixes counters of two epochs: rows fell, so that calls began anew too", () => {
    const young = { firstSeenMicros: Number(previousMicros) - 1 };
    const { changed } = compare([row("a", [5n, 50n, 100n], young)], [row("a", [6n, 60n, 3n], young)]);
    expect(changed).toMatchObject([{ kind: "reset_inferred", values: [6n, 60n, 3n] }]);
  });

  it("counts no lifetime again when the server lost increments of sessions that ran at the same time", () => {
    const { changed, ledger } = compare([row("a", [500n, 90n, 7n])], [row("a", [498n, 95n, 7n])]);
    expect(changed).toMatchObject([{ kind: "normal", values: [0n, 5n, 0n] }]);
    expect(ledger).toMatchObject({ reset_inferred: 0 });
    expect(compare([row("a", [500n, 90n, 7n])], [row("a", [498n, 90n, 7n])]).changed).toEqual([]);
  });

  it("has no difference of a maximum, which may fall without anything having begun anew", () => {
    const withMemory = availableCounters(new Set(["COUNT_STAR", "SUM_TIMER_WAIT", "MAX_TOTAL_MEMORY"]));
    const read = (rows: readonly DigestRow[]) => new DigestTable(withMemory, rows);
    const current = read([row("a", [7n, 80n, 1024n]), row("b", [1n, 1n, 9n])]);
    const deltas = statementDeltas({
      ...{ continuity: "continued", previousMicros, current },
      previous: read([row("a", [5n, 50n, 4096n]), row("b", [1n, 1n, 7n])]),
    });
    expect(deltas.changed.map((delta) => counted(delta, deltas, current))).toEqual([
      { row: 0, kind: "normal", values: [2n, 30n, 1024n] },
    ]);
  });

  it("says nothing of a row that did not change", () => {
    expect(compare([row("a", [1n, 1n, 1n])], [row("a", [1n, 1n, 1n])]).changed).toEqual([]);
  });

  it("keeps schemas apart, and no schema from one that is called nothing", () => {
    const keys = [{ schema: "app" }, { schema: "" }, { schema: null }];
    const { changed } = compare(
      keys.map((key) => row("a", [1n, 1n, 1n], key)),
      keys.map((key, index) => row("a", [BigInt(index + 2), 1n, 1n], key)),
    );
    expect(changed.map(({ schema, values }) => [schema, values[0]])).toEqual([
      ["app", 1n],
      ["", 2n],
      [null, 3n],
    ]);
  });

  it("counts the row of what found no other as any row", () => {
    const { changed } = compare(
      [row(null, [1n, 1n, 1n], { schema: null })],
      [row(null, [4n, 9n, 1n], { schema: null })],
    );
    expect(changed).toMatchObject([{ digest: null, kind: "normal", values: [3n, 8n, 0n] }]);
  });

  it("takes a row as a whole that was not there, or was first seen again", () => {
    const again = { firstSeenMicros: Number(2000n * secondMicros) };
    const { changed } = compare([row("a", [1n, 1n, 1n])], [row("a", [9n, 9n, 9n], again), row("b", [2n, 2n, 2n])]);
    expect(changed.map(({ digest, kind, values }) => [digest, kind, values[0]])).toEqual([
      ["a", "recreated", 9n],
      ["b", "recreated", 2n],
    ]);
    expect(compare([], [row("b", [2n, 2n, 2n])]).changed).toMatchObject([{ kind: "new" }]);
  });

  it("takes a row of the second of the last poll as begun anew when rows are gone", () => {
    const young = { firstSeenMicros: Number(previousMicros) };
    const { changed } = compare(
      [row("a", [1n, 1n, 1n], young), row("gone", [1n, 1n, 1n])],
      [row("a", [9n, 9n, 9n], young)],
    );
    expect(changed).toMatchObject([{ kind: "recreated", values: [9n, 9n, 9n] }]);
  });

  it("takes all rows as a whole after a restart, and none when another server answers", () => {
    const rows = [row("a", [9n, 9n, 9n])];
    expect(compare(rows, rows, { continuity: "restarted" }).changed).toMatchObject([{ values: [9n, 9n, 9n] }]);
    const { changed, ledger } = compare(rows, [row("a", [10n, 10n, 10n])], { continuity: "unknown" });
    expect(changed).toEqual([]);
    expect(ledger.unattributable).toBe(1);
  });

  it("misses no row that was left out because it did not change", () => {
    const { changed, ledger } = compare(
      [row("a", [1n, 1n, 1n]), row("quiet", [5n, 5n, 5n])],
      [row("a", [3n, 4n, 1n]), row("b", [2n, 2n, 2n])],
      { changedOnly: true },
    );
    expect(changed.map(({ digest, kind, values }) => [digest, kind, values[0]])).toEqual([
      ["a", "normal", 2n],
      ["b", "new", 2n],
    ]);
    expect(ledger.vanished).toBe(0);
  });

  it("only remembers at the first poll", () => {
    const { changed, ledger } = compare([], [row("a", [9n, 9n, 9n])], { previous: undefined });
    expect(changed).toEqual([]);
    expect(ledger.unattributable).toBe(1);
  });
});
