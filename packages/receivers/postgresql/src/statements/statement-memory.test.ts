import { describe, expect, it } from "vitest";
import { append, type TestEntry } from "../../test/data-row.ts";
import { statementShape } from "./statement-columns.ts";
import { StatementMemory } from "./statement-memory.ts";
import type { StatementReading } from "./statement-source.ts";
import { StatementTable } from "./statement-table.ts";

const shape = statementShape(new Set(["toplevel", "stats_since", "calls", "total_exec_time"]));

function entry(queryId: bigint | null, calls: bigint): TestEntry {
  return { databaseId: 5, userId: 10, queryId, toplevel: true, since: 1n, counters: [calls, Number(calls)] };
}

const visible = entry(1n, 10n);
const hidden = entry(null, 0n);

/** Readings of all entries, one after the other. */
function watch() {
  const memory = new StatementMemory();
  let clockMicros = 1000n;
  return {
    memory,
    read: (...entries: TestEntry[]) => {
      clockMicros += 1000n;
      const reading: StatementReading = {
        epoch: { clockMicros, startedMicros: 1n, statsResetMicros: 2n, deallocations: 0n },
        table: append(new StatementTable(shape), ...entries),
        ...{ full: true, maximum: 5000, databases: new Map() },
      };
      const deltas = memory.compare(reading);
      const seenMicros = memory.seenMicros(deltas.matches[0] ?? -1);
      memory.commit(reading, deltas);
      return { calls: deltas.values[0], seenMicros, ...deltas.ledger };
    },
  };
}

describe("an entry that is hidden for a while", () => {
  it("goes on where it was seen last, and says since when", () => {
    const { read } = watch();
    read(visible, hidden);
    const { vanished } = read(hidden, hidden);
    expect(vanished).toBe(1);
    read(hidden, hidden);
    expect(read(entry(1n, 17n), hidden)).toMatchObject({ normal: 1, calls: 7, seenMicros: 2000n });
    expect(read(entry(1n, 18n), hidden)).toMatchObject({ normal: 1, calls: 1, seenMicros: 5000n });
  });

  it("counts once as vanished, and is forgotten after some readings", () => {
    const { read, memory } = watch();
    read(visible, hidden);
    const vanished = Array.from({ length: 6 }, () => read(hidden, hidden).vanished);
    expect(vanished).toEqual([1, 0, 0, 0, 0, 0]);
    expect(memory.last?.table.count).toBe(0);
    expect(read(entry(1n, 17n), hidden)).toMatchObject({ normal: 0, unattributable: 1 });
  });
});

it("an entry that is gone from a reading of all is new when it comes back", () => {
  const { read, memory } = watch();
  read(visible);
  read();
  expect(memory.last?.table.count).toBe(0);
  expect(read(entry(1n, 17n))).toMatchObject({ new: 1, calls: 17 });
});
