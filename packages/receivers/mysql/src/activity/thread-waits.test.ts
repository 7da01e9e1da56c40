import * as fc from "fast-check";
import { expect, it } from "vitest";
import { currentWait, type WaitEvent, waitSeconds } from "./thread-waits.ts";

const table = "wait/io/table/sql/handler";
const file = "wait/io/file/innodb/innodb_data_file";

function wait(eventId: bigint, name: string, start: bigint, end: bigint, rest: Partial<WaitEvent> = {}): WaitEvent {
  const nothing = { within: undefined, relation: undefined, index: undefined };
  return { threadId: 1n, eventId, ended: true, name, startTimer: start, endTimer: end, ...nothing, ...rest };
}

it("a wait within another counts once, for what is innermost", () => {
  const waits = [wait(1n, table, 100n, 900n), wait(2n, file, 200n, 700n, { within: 1n })];
  const interval = { startTimer: 0n, endTimer: 1000n, seconds: 10 };
  expect(waitSeconds(waits, interval)).toEqual(
    new Map([
      [table, 3],
      [file, 5],
    ]),
  );
});

it("what began before the interval counts from its start, and what the server tells twice counts once", () => {
  const long = wait(1n, table, 0n, 5000n);
  const interval = { startTimer: 4000n, endTimer: 6000n, seconds: 2 };
  expect(waitSeconds([long, long], interval)).toEqual(new Map([[table, 1]]));
});

it("goes on over the end of the timer", () => {
  const end = 2n ** 64n;
  const interval = { startTimer: end - 100n, endTimer: 100n, seconds: 2 };
  expect(waitSeconds([wait(1n, table, end - 50n, 50n)], interval)).toEqual(new Map([[table, 1]]));
});

it("all waits of a thread take no longer than the time that has passed, whatever the history has lost", () => {
  const moments = fc.uniqueArray(fc.integer({ min: 1, max: 9999 }), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(moments, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (times, lost) => {
      const interval = { startTimer: 2000n, endTimer: 10_000n, seconds: 8 };
      const waits = nested(times.toSorted((a, b) => a - b).map(BigInt)).filter((_, place) => lost[place] !== true);
      const sum = [...waitSeconds(waits, interval).values()].reduce((total, each) => total + each, 0);
      expect(sum).toBeLessThanOrEqual(interval.seconds * (1 + 1e-9));
    }),
    { seed: 7, numRuns: 300 },
  );
});

/** Waits whose starts and ends are brackets in the order of the moments. */
function nested(moments: readonly bigint[]): readonly WaitEvent[] {
  const waits: WaitEvent[] = [];
  const open: { readonly id: bigint; readonly start: bigint }[] = [];
  for (const [place, moment] of moments.entries()) {
    const last = open.at(-1);
    if (last !== undefined && place % 3 === 2) {
      open.pop();
      waits.push(wait(last.id, `w${last.id % 3n}`, last.start, moment, { within: open.at(-1)?.id }));
    } else open.push({ id: BigInt(place + 1), start: moment });
  }
  return waits;
}

it("what a thread waits for now is the innermost wait that has not ended, and nothing when it is idle", () => {
  const open = { ended: false };
  const waits = [wait(5n, table, 1n, 9n, open), wait(7n, file, 2n, 9n, open), wait(8n, file, 3n, 4n)];
  expect(currentWait(waits)?.eventId).toBe(7n);
  expect(currentWait([...waits, wait(9n, "idle", 5n, 9n, open)])).toBeUndefined();
  expect(currentWait([])).toBeUndefined();
});
