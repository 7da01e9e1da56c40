import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DigestModel, ModelWatch } from "./digest-model.ts";

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
const calm = [
  fc.constant<Step>((model) => model.empty()),
  fc.constant<Step>((model) => model.reconnect()),
  fc.bigInt(1n, 500n).map(
    (id): Step =>
      (model) =>
        model.restart(id),
  ),
  fc.bigInt(0n, 100_000_000n).map(
    (micros): Step =>
      (model) =>
        model.pass(micros),
  ),
];
const setClock = fc.bigInt(-2n * hourMicros, 2n * hourMicros).map(
  (by): Step =>
    (model) =>
      model.setClock(by),
);
/** `lost`: what was read never left. */
const historyOf = (disturb: fc.Arbitrary<Step>) =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: execute },
      { weight: 3, arbitrary: fc.constantFrom("poll" as const, "poll" as const, "lost" as const) },
      { weight: 2, arbitrary: disturb },
    ),
    { maxLength: 60, size: "max" },
  );
const history = historyOf(fc.oneof(...calm, setClock));
type History = readonly (Step | "poll" | "lost")[];

/** Runs a history; returns the calls that differences told, by row. `polled` sees them after each poll. */
async function run(
  model: DigestModel,
  steps: History,
  polled: (told: ReadonlyMap<string, bigint>) => void = () => {},
): Promise<ReadonlyMap<string, bigint>> {
  const told = new Map<string, bigint>();
  const watch = new ModelWatch(model);
  for (let key = 0; key < keys; key += 2) model.execute(key, 1000n, 2n ** 64n - 2n ** 58n);
  await watch.poll();
  model.truth.begin();
  for (const step of steps) {
    if (step === "lost") await watch.peek();
    else if (step !== "poll") step(model);
    else {
      for (const { name, calls, rows } of await watch.poll()) {
        expect(rows).toBe(2n * calls);
        told.set(name, (told.get(name) ?? 0n) + calls);
      }
      polled(told);
    }
  }
  // What a clock has hidden that was set to and fro is told when all rows are read again.
  model.reconnect();
  for (const { name, calls } of await watch.poll()) told.set(name, (told.get(name) ?? 0n) + calls);
  return told;
}

function expectExact(told: ReadonlyMap<string, bigint>, { truth }: DigestModel): void {
  for (const name of new Set([...told.keys(), ...truth.executed.keys()])) {
    expect(told.get(name) ?? 0n, name).toBe(truth.seen(name));
  }
}

describe("differences of the summary of statements", () => {
  it.each([1000, 4])(
    "sum to what was executed, less what was forgotten unread, with room for %s rows",
    async (room) => {
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const model = new DigestModel({ room, seenPrecision: 1n });
          expectExact(await run(model, steps), model);
        }),
        { numRuns: 500 },
      );
    },
  );

  it("tell everything at the next poll while nobody sets the server's clock", async () => {
    await fc.assert(
      fc.asyncProperty(historyOf(fc.oneof(...calm)), async (steps) => {
        const model = new DigestModel({ room: 6, seenPrecision: 1n });
        await run(model, steps, (told) => expectExact(told, model));
      }),
      { numRuns: 500 },
    );
  });

  it("never exceed it where the server only knows in which second a row was seen", async () => {
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const model = new DigestModel({ room: 6, seenPrecision: 1_000_000n });
        for (const [name, calls] of await run(model, steps)) {
          expect(calls, name).toBeLessThanOrEqual(model.truth.seen(name));
        }
      }),
      { numRuns: 500 },
    );
  });
});
