import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modelKey, StatementModel } from "../../test/statement-model.ts";
import { counterIndex, type StatementShape, statementShape } from "./statement-columns.ts";
import { deltaKinds } from "./statement-deltas.ts";
import { StatementMemory } from "./statement-memory.ts";
import type { StatementReading } from "./statement-source.ts";

const keys = 6;
const counters = ["calls", "total_exec_time", "rows"];

type Step =
  | { readonly do: "execute"; readonly key: number; readonly calls: number }
  | { readonly do: "resetOne" | "evict"; readonly key: number }
  | { readonly do: "resetAll" | "restart" | "crash" }
  | { readonly do: "poll"; readonly filtered: boolean; readonly lost: boolean };

const key = fc.nat(keys - 1);
const execute = fc.record({ do: fc.constant("execute" as const), key, calls: fc.integer({ min: 1, max: 9 }) });
const poll = fc.record({ do: fc.constant("poll" as const), filtered: fc.boolean(), lost: fc.boolean() });

function history(...more: fc.Arbitrary<Step>[]): fc.Arbitrary<Step[]> {
  return fc.array(fc.oneof({ weight: 6, arbitrary: execute }, { weight: 3, arbitrary: poll }, ...more), {
    maxLength: 60,
    size: "max",
  });
}

const removeOne = fc.record({ do: fc.constantFrom("resetOne" as const, "evict" as const), key });
const removeAll = fc.record({ do: fc.constantFrom("resetAll" as const, "restart" as const, "crash" as const) });

/** Runs a history; returns the differences of calls by key, and the model with its truth. */
function run(shape: StatementShape, hasInfo: boolean, steps: readonly Step[]) {
  const model = new StatementModel(shape, hasInfo);
  const memory = new StatementMemory();
  const emitted = new Map<number, bigint>();
  for (let each = 0; each < keys; each += 2) model.execute(each, 1000);
  const first = model.read(undefined);
  memory.commit(first, memory.compare(first));
  model.truth.begin();
  const take = (reading: StatementReading) => {
    const deltas = memory.compare(reading);
    const width = shape.counters.length;
    for (let line = 0; line < deltas.count; line++) {
      const each = modelKey(reading.table, deltas.rows[line] ?? -1);
      const values = deltas.values.subarray(line * width, (line + 1) * width);
      const calls = values[counterIndex(shape, "calls")] ?? 0;
      emitted.set(each, (emitted.get(each) ?? 0n) + BigInt(calls));
      // All columns are of one and the same piece of history: the model gives two rows a call.
      expect(values[counterIndex(shape, "rows")]).toBe(2 * calls);
      expect(deltaKinds[deltas.kinds[line] ?? -1]).toBeDefined();
    }
    memory.commit(reading, deltas);
  };
  for (const step of [...steps, { do: "poll", filtered: false, lost: false } as const]) {
    if (step.do === "execute") model.execute(step.key, step.calls);
    else if (step.do === "poll") {
      const known = step.filtered && allowed(shape, hasInfo, model, memory) ? memory.last : undefined;
      // A poll whose result is lost reads and compares, and must change nothing.
      if (step.lost) memory.compare(model.peek(known));
      else take(model.read(known));
    } else if (step.do === "resetOne" || step.do === "evict") model[step.do](step.key);
    else model[step.do]();
  }
  return { emitted, model };
}

/** The condition under which the receiver asks for changes only. */
function allowed(shape: StatementShape, hasInfo: boolean, model: StatementModel, memory: StatementMemory): boolean {
  const now = model.epoch;
  const before = memory.last?.epoch;
  if (before === undefined || now.statsResetMicros !== before.statsResetMicros) return false;
  return shape.statsSince || (hasInfo && now.deallocations === before.deallocations);
}

describe("on PostgreSQL 17 and later", () => {
  const shape = statementShape(new Set(["toplevel", "stats_since", ...counters]));

  it("differences sum to what was executed, less what was forgotten unread", () => {
    fc.assert(
      fc.property(history(removeOne, removeAll), (steps) => {
        const { emitted, model } = run(shape, true, steps);
        for (let each = 0; each < keys; each++) {
          expect(emitted.get(each) ?? 0n).toBe(model.truth.seen(each));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("on PostgreSQL 14 to 16", () => {
  const shape = statementShape(new Set(["toplevel", ...counters]));

  it("differences sum to the truth through resets of everything and restarts", () => {
    fc.assert(
      fc.property(history(removeAll), (steps) => {
        const { emitted, model } = run(shape, true, steps);
        for (let each = 0; each < keys; each++) {
          expect(emitted.get(each) ?? 0n).toBe(model.truth.seen(each));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("differences never exceed the truth when entries are thrown out one by one", () => {
    fc.assert(
      fc.property(history(removeOne, removeAll), (steps) => {
        const { emitted, model } = run(shape, true, steps);
        for (const [each, calls] of emitted) {
          expect(calls).toBeLessThanOrEqual(model.truth.seen(each));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("on PostgreSQL 13", () => {
  const shape = statementShape(new Set(counters));

  it("differences never exceed the truth", () => {
    fc.assert(
      fc.property(history(removeOne, removeAll), (steps) => {
        const { emitted, model } = run(shape, false, steps);
        for (const [each, calls] of emitted) {
          expect(calls).toBeLessThanOrEqual(model.truth.seen(each));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("when another server answers", () => {
  it.each([true, false])("its history is not taken for this interval's (stats_since: %s)", (statsSince) => {
    const shape = statementShape(new Set(["toplevel", ...(statsSince ? ["stats_since"] : []), ...counters]));
    const model = new StatementModel(shape, true);
    const memory = new StatementMemory();
    model.execute(1, 5);
    const first = model.read(undefined);
    memory.commit(first, memory.compare(first));
    model.failOver([1, 2, 3]);
    const reading = model.read(undefined);
    const foreign = memory.compare(reading);
    expect(foreign.ledger).toMatchObject({ unattributable: 3, normal: 0, new: 0, recreated: 0 });
    memory.commit(reading, foreign);
    model.execute(2, 7);
    const next = memory.compare(model.read(undefined));
    expect(next.ledger).toMatchObject({ normal: 1, unattributable: 0 });
    expect(next.values[counterIndex(shape, "calls")]).toBe(7);
  });
});
