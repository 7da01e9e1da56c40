import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RememberedReading } from "../src/statements/checkpoint.ts";
import { statementDeltas } from "../src/statements/statement-deltas.ts";
import { continuity } from "../src/statements/statement-epoch.ts";
import { DigestModel, rowName } from "./digest-model.ts";

const keys = 9;
const hourMicros = 3_600_000_000n;

type Step = (model: DigestModel) => void;

const execute = fc
  .record({ key: fc.nat(keys - 1), calls: fc.bigInt(1n, 9n), picoseconds: fc.bigInt(1n, 2n ** 56n) })
  .map(
    ({ key, calls, picoseconds }): Step =>
      (model) =>
        model.execute(key, calls, picoseconds),
  );
const disturb = fc.oneof(
  fc.constant<Step>((model) => model.empty()),
  fc.constant<Step>((model) => model.reconnect()),
  fc.bigInt(1n, 500n).map(
    (id): Step =>
      (model) =>
        model.restart(id),
  ),
  fc.bigInt(-2n * hourMicros, 2n * hourMicros).map(
    (by): Step =>
      (model) =>
        model.setClock(by),
  ),
  fc.bigInt(0n, 100_000_000n).map(
    (micros): Step =>
      (model) =>
        model.pass(micros),
  ),
);
/** `lost`: what was read never left. */
const history = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: execute },
    { weight: 3, arbitrary: fc.constantFrom("poll" as const, "poll" as const, "lost" as const) },
    { weight: 2, arbitrary: disturb },
  ),
  { maxLength: 60, size: "max" },
);
type History = readonly (Step | "poll" | "lost")[];

/** Runs a history; returns the calls that differences told, by row. */
function run(model: DigestModel, steps: History): ReadonlyMap<string, bigint> {
  const told = new Map<string, bigint>();
  for (let key = 0; key < keys; key += 2) model.execute(key, 1000n, 2n ** 64n - 2n ** 58n);
  let last: RememberedReading = model.read();
  model.truth.begin();
  const compare = (reading: RememberedReading) => {
    const { changed } = statementDeltas({
      current: reading.table,
      previous: last.table,
      continuity: continuity(last.epoch, reading.epoch),
      previousMicros: last.epoch.clockMicros,
    });
    return changed.map(({ row, values: [calls = 0n, , rows = 0n] }) => {
      expect(rows).toBe(2n * calls);
      return { name: rowName(reading.table.key(row)), calls };
    });
  };
  for (const step of [...steps, "poll" as const]) {
    if (step === "lost") compare(model.peek());
    else if (step !== "poll") step(model);
    else {
      const reading = model.read();
      for (const { name, calls } of compare(reading)) told.set(name, (told.get(name) ?? 0n) + calls);
      last = reading;
    }
  }
  return told;
}

describe("differences of the summary of statements", () => {
  it.each([1000, 4])("sum to what was executed, less what was forgotten unread, with room for %s rows", (room) => {
    fc.assert(
      fc.property(history, (steps) => {
        const model = new DigestModel({ room, firstSeenPrecision: 1n });
        const told = run(model, steps);
        for (const name of new Set([...told.keys(), ...model.truth.executed.keys()])) {
          expect(told.get(name) ?? 0n, name).toBe(model.truth.seen(name));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("never exceed it where the server only knows in which second a row was first seen", () => {
    fc.assert(
      fc.property(history, (steps) => {
        const model = new DigestModel({ room: 6, firstSeenPrecision: 1_000_000n });
        for (const [name, calls] of run(model, steps)) expect(calls, name).toBeLessThanOrEqual(model.truth.seen(name));
      }),
      { numRuns: 500 },
    );
  });
});
