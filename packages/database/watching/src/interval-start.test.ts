import { expect, it } from "vitest";
import { intervalStart, type ReadingTime } from "./interval-start.ts";

const hour = 3_600_000_000n;
const before: ReadingTime = {
  clockMicros: 1_700_000_000_000_000n,
  own: { monotonicMs: 5000, unixMicros: 1_700_000_000_200_000n },
};

/** A minute later by the collector's steady clock, after the clocks were set by so much. */
function later(set: { readonly server?: bigint; readonly collector?: bigint } = {}): ReadingTime {
  return {
    clockMicros: before.clockMicros + 60_000_000n + (set.server ?? 0n),
    own: { monotonicMs: 65_000, unixMicros: 1_700_000_060_200_000n + (set.collector ?? 0n) },
  };
}

const asShown = () => before.clockMicros;
const aMinuteAgo = ({ clockMicros }: ReadingTime) => clockMicros - 60_000_000n;

it.each([
  ["nobody has set a clock", later(), asShown],
  ["the answer came late", later({ server: -4_000_000n }), asShown],
  ["the server's clock was set forward", later({ server: 2n * hour }), aMinuteAgo],
  ["the server's clock was set back", later({ server: -2n * hour }), aMinuteAgo],
  ["the server's clock was set back by less than the interval", later({ server: -50_000_000n }), aMinuteAgo],
  ["the collector's clock was set", later({ collector: 2n * hour }), asShown],
  ["the collector's machine was asleep", later({ server: 2n * hour, collector: 2n * hour }), asShown],
  ["both clocks were set back", later({ server: -2n * hour, collector: -2n * hour }), aMinuteAgo],
] as const)("begins where the server's clock says, or as long ago as ours does: %s", (_, now, expected) => {
  expect(intervalStart(before, now)).toBe(expected(now));
});

it.each([
  ["of an earlier process", { ...before, own: { monotonicMs: 5000, unixMicros: undefined } }, aMinuteAgo],
  ["of which nobody has noted it", { ...before, own: undefined }, (now: ReadingTime) => now.clockMicros],
  [
    "that is later by our clock",
    { ...before, own: { monotonicMs: 1e9, unixMicros: 1n } },
    (now: ReadingTime) => now.clockMicros,
  ],
] as const)("trusts the server's clock as long as it can after a reading %s", (_, first, whenSetBack) => {
  if (first.own?.unixMicros === undefined)
    expect(intervalStart(first, later({ server: 2n * hour }))).toBe(first.clockMicros);
  const back = later({ server: -2n * hour });
  expect(intervalStart(first, back)).toBe(whenSetBack(back));
});
