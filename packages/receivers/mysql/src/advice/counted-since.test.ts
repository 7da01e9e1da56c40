import { expect, it } from "vitest";
import { type Counting, countedSince } from "./counted-since.ts";

const minute = 60_000_000;

function usageOf(totals: Readonly<Record<string, number>>) {
  return new Map(Object.entries(totals).map(([table, total]) => [table, { total, writes: 0, unused: new Set("") }]));
}

function look(known: Counting | undefined, totals: Readonly<Record<string, number>>, nowMicros: number, start = 0) {
  return countedSince({ known, startedMicros: start, nowMicros, usage: usageOf(totals) });
}

it("counts since the server's start", () => {
  const first = look(undefined, { a: 5, b: 7 }, 10 * minute);
  expect(first.sinceMicros).toBe(0);
  expect(look(first, { a: 5, b: 8 }, 20 * minute, 1_000_000).sinceMicros).toBe(0);
  expect(look(first, { a: 1, b: 1 }, 30 * minute, 25 * minute).sinceMicros).toBe(25 * minute);
});

it("begins anew when all counts have fallen, not when a table was made anew or dropped", () => {
  const first = look(undefined, { a: 5, b: 7 }, 10 * minute);
  expect(look(first, { a: 1, b: 7 }, 20 * minute).sinceMicros).toBe(0);
  expect(look(first, {}, 20 * minute).sinceMicros).toBe(0);
  const emptied = look(first, { a: 1, b: 0 }, 20 * minute);
  expect(emptied.sinceMicros).toBe(20 * minute);
  expect(look(emptied, { a: 2, b: 3 }, 30 * minute).sinceMicros).toBe(20 * minute);
});

it("begins anew when nothing was counted", () => {
  const first = look(undefined, { a: 5 }, 10 * minute);
  const off = countedSince({ known: first, startedMicros: 0, nowMicros: 20 * minute, usage: undefined });
  expect(look(off, { a: 5 }, 30 * minute).sinceMicros).toBe(20 * minute);
});
