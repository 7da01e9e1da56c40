import { expect, it } from "vitest";
import { expectedOffset, learnOffset, noRhythm, slotOf, type WeeklyRhythm } from "./weekly-rhythm.ts";

/** A week of windows of five minutes. */
const memory = 2016;
const sunday = Date.parse("2026-01-04T00:00:00Z");

/** The rhythm after so many days of verdicts. */
function after(days: number, differenceAt: (slot: { hour: number; day: number }) => number): WeeklyRhythm {
  let rhythm = noRhythm;
  for (let window = 1; window <= days * 288; window++) {
    const slot = slotOf(sunday + window * 300_000 - 1);
    rhythm = learnOffset(rhythm, slot, differenceAt(slot), memory);
  }
  return rhythm;
}

it("expects nothing of a time that it has not seen", () => {
  expect(expectedOffset(noRhythm, { hour: 8, day: 1 })).toBe(0);
});

it("believes an hour of the day the more, the more often it has seen it", () => {
  const busyAtEight = ({ hour }: { hour: number }) => (hour === 8 ? 0.4 : 0);
  const [one, three, fourteen] = [1, 3, 14].map((days) => after(days, busyAtEight));
  for (const rhythm of [one, three, fourteen]) {
    expect(expectedOffset(rhythm ?? noRhythm, { hour: 9, day: 2 })).toBeCloseTo(0, 1);
  }
  const offsets = [one, three, fourteen].map((rhythm) => expectedOffset(rhythm ?? noRhythm, { hour: 8, day: 3 }));
  expect(offsets[0]).toBeCloseTo(0.2, 1);
  expect(offsets[1]).toBeGreaterThan(offsets[0] ?? 0);
  expect(offsets[2]).toBeCloseTo(0.35, 1);
});

it("knows the days of the week after two of each", () => {
  const busyMondays = after(14, ({ day }) => (day === 1 ? 0.6 : -0.1));
  expect(expectedOffset(busyMondays, { hour: 12, day: 1 })).toBeCloseTo(0.55, 1);
  expect(expectedOffset(busyMondays, { hour: 12, day: 4 })).toBeCloseTo(-0.1, 1);
});

it("knows both at once", () => {
  const rhythm = after(28, ({ day, hour }) => (day === 0 ? -0.5 : 0) + (hour === 3 ? 0.8 : 0));
  expect(expectedOffset(rhythm, { hour: 3, day: 5 })).toBeCloseTo(0.75, 0);
  expect(expectedOffset(rhythm, { hour: 3, day: 0 })).toBeCloseTo(0.25, 0);
  expect(expectedOffset(rhythm, { hour: 14, day: 0 })).toBeCloseTo(-0.45, 1);
});

it("follows an hour that changes", () => {
  let rhythm = noRhythm;
  const slot = { hour: 23, day: 3 };
  for (let count = 0; count < 1000; count++) rhythm = learnOffset(rhythm, slot, count < 100 ? 0.4 : -0.4, memory);
  expect(expectedOffset(rhythm, slot)).toBeCloseTo(-0.4, 1);
});

it.each([
  ["1970-01-01T00:00:00Z", 0, 4],
  ["2026-01-04T23:59:59Z", 23, 0],
  ["2026-07-01T12:30:00Z", 12, 3],
])("tells the hour and the day of %s", (time, hour, day) => {
  expect(slotOf(Date.parse(time))).toEqual({ hour, day });
});
