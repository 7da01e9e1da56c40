import { describe, expect, it } from "vitest";
import { append, type TestEntry } from "../../test/data-row.ts";
import { statementShape } from "./statement-columns.ts";
import { continuity, deltaKinds, type StatementEpoch, statementDeltas } from "./statement-deltas.ts";
import { StatementTable } from "./statement-table.ts";

const shape = statementShape(new Set(["toplevel", "calls", "total_exec_time", "rows"]));
const entry: TestEntry = {
  databaseId: 5,
  userId: 10,
  queryId: 7n,
  toplevel: true,
  since: 0n,
  counters: [100n, 50.5, 1000n],
};

function compare(before: readonly TestEntry[], now: readonly TestEntry[], previousComplete = true) {
  return statementDeltas({
    current: append(new StatementTable(shape), ...now),
    previous: append(new StatementTable(shape), ...before),
    continuity: "continued",
    previousComplete,
    full: true,
  });
}

describe("statementDeltas", () => {
  it("tells the same query of two users, databases and levels apart", () => {
    const others = [
      { ...entry, userId: 11 },
      { ...entry, databaseId: 6 },
      { ...entry, toplevel: false },
    ];
    const grown = others.map((other, index) => ({ ...other, counters: [BigInt(101 + index), 51, 1000n] }));
    const deltas = compare([entry, ...others], [entry, ...grown]);
    expect(deltas.count).toBe(3);
    expect([deltas.values[0], deltas.values[3], deltas.values[6]]).toEqual([1, 2, 3]);
  });

  it("leaves out what did not move", () => {
    expect(compare([entry], [entry])).toMatchObject({ count: 0, ledger: { normal: 0, vanished: 0 } });
  });

  it("takes an entry as begun anew in all its columns when one of them fell", () => {
    const deltas = compare([entry], [{ ...entry, counters: [120n, 1.25, 1100n] }]);
    expect(deltas.ledger).toMatchObject({ reset_inferred: 1, normal: 0 });
    expect([...deltas.values.subarray(0, 3)]).toEqual([120, 1.25, 1100]);
    expect(deltaKinds[deltas.kinds[0] ?? -1]).toBe("reset_inferred");
  });

  it("only remembers a new entry when the last reading could not show all entries", () => {
    expect(compare([], [entry], true).ledger).toMatchObject({ new: 1, unattributable: 0 });
    expect(compare([], [entry], false)).toMatchObject({ count: 0, ledger: { new: 0, unattributable: 1 } });
  });

  it("counts what is gone", () => {
    expect(compare([entry, { ...entry, userId: 11 }], [entry]).ledger.vanished).toBe(1);
  });

  it("ships no number that it cannot give exactly", () => {
    const huge = { ...entry, counters: [2n ** 60n, 51, 1000n] };
    expect(compare([entry], [huge])).toMatchObject({ count: 0, ledger: { unattributable: 1 } });
    expect(compare([], [huge])).toMatchObject({ count: 0, ledger: { unattributable: 1 } });
    const more = { ...huge, counters: [2n ** 60n + 2n, 52, 1000n] };
    expect(compare([huge], [more]).values[0]).toBe(2);
  });

  it("reports nothing of a first reading", () => {
    const current = append(new StatementTable(shape), entry);
    const deltas = statementDeltas({
      current,
      previous: undefined,
      continuity: "unknown",
      previousComplete: false,
      full: true,
    });
    expect(deltas).toMatchObject({ count: 0, ledger: { unattributable: 1 } });
  });
});

describe("continuity", () => {
  const before: StatementEpoch = { clockMicros: 100n, startedMicros: 10n, statsResetMicros: 20n, deallocations: 0n };

  it.each<[string, Partial<StatementEpoch>, string]>([
    ["goes on over a clean restart, which keeps the statistics", { startedMicros: 110n }, "continued"],
    ["begins anew after a reset", { statsResetMicros: 110n }, "reset"],
    ["begins anew after a crash, which loses them", { startedMicros: 110n, statsResetMicros: 111n }, "reset"],
    ["is unknown when an older reset turns up: another server", { statsResetMicros: 30n }, "unknown"],
    ["is unknown when the server stops telling", { statsResetMicros: undefined }, "unknown"],
  ])("%s", (_, change, expected) => {
    expect(continuity(before, { ...before, clockMicros: 200n, ...change })).toBe(expected);
  });

  it("depends on the start of the server where it does not tell about resets", () => {
    const silent = { ...before, statsResetMicros: undefined };
    expect(continuity(silent, silent)).toBe("continued");
    expect(continuity(silent, { ...silent, startedMicros: 110n })).toBe("unknown");
  });
});
