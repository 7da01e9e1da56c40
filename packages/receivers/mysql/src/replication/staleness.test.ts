import { expect, it } from "vitest";
import type { ChannelTimes } from "./channel-times.ts";
import type { ReplicaChannel, ThreadState } from "./replica-channel.ts";
import { type CaughtUp, staleness } from "./staleness.ts";

const second = 1_000_000n;

function channel(other: Partial<ReplicaChannel> & { receiver?: ThreadState } = {}): ReplicaChannel {
  const thread = (state: ThreadState) => ({ state, errorNumber: 0, errorText: "" });
  return {
    ...{ name: "orders", source: "db:3306", secondsBehind: undefined, delay: 0n, relayLogBytes: 0n, pending: 0n },
    caughtUp: true,
    ...other,
    threads: { receiver: thread(other.receiver ?? "running"), applier: thread("running") },
  };
}

function times(other: Partial<ChannelTimes>): ChannelTimes {
  const none = { applyingMicros: undefined, appliedMicros: undefined, appliedEndMicros: undefined };
  return { ...none, contactMicros: undefined, ...other };
}

type Looks = Parameters<typeof staleness>[0]["channels"];

/** The seconds of a first look. */
function first(channels: Looks, nowMicros: bigint) {
  return staleness({ channels, nowMicros, before: new Map() }).seconds;
}

/** The seconds of looks, each of which knows what the one before has seen. */
function sequence() {
  let before: CaughtUp = new Map();
  return (channels: Looks, nowMicros: bigint) => {
    const { seconds, caughtUp } = staleness({ channels, nowMicros, before });
    before = caughtUp;
    return seconds;
  };
}

it("is 0 while all that arrives is applied, however long ago that was", () => {
  const looks = [{ channel: channel(), times: times({ appliedMicros: 10n * second }) }];
  expect(first(looks, 1000n * second)).toEqual([0]);
});

it("is the age of the oldest commit that is being applied", () => {
  const behind = channel({ caughtUp: false, secondsBehind: 1n });
  const looks = [{ channel: behind, times: times({ applyingMicros: 70n * second, appliedMicros: 60n * second }) }];
  expect(first(looks, 100n * second)).toEqual([30]);
});

it("grows from the last look that saw all applied, once a thread stands still", () => {
  const look = sequence();
  const next = (other: Parameters<typeof channel>[0], nowSeconds: bigint) =>
    look([{ channel: channel(other), times: undefined }], nowSeconds * second);
  expect(next({}, 100n)).toEqual([0]);
  expect(next({ receiver: "stopped" }, 110n)).toEqual([10]);
  expect(next({ caughtUp: false }, 120n)).toEqual([20]);
  expect(next({ receiver: "connecting", caughtUp: false }, 130n)).toEqual([30]);
  expect(next({}, 140n)).toEqual([0]);
});

it("begins with what the server remembers: the last commit applied, or the last word of a source whose all is applied", () => {
  const known = times({ appliedMicros: 50n * second, contactMicros: 80n * second });
  const age = (other: Parameters<typeof channel>[0]) =>
    first([{ channel: channel(other), times: known }], 100n * second);
  expect(age({ receiver: "stopped", caughtUp: true })).toEqual([20]);
  expect(age({ receiver: "stopped", caughtUp: false })).toEqual([50]);
  expect(age({ receiver: "running", caughtUp: false })).toEqual([50]);
});

it("takes the server's own number where it knows no times, but not that of a stopped receiver", () => {
  const age = (other: Parameters<typeof channel>[0]) =>
    first([{ channel: channel({ caughtUp: false, secondsBehind: 7n, ...other }), times: undefined }], 100n * second);
  expect(age({})).toEqual([7]);
  expect(age({ receiver: "stopped" })).toEqual([undefined]);
});

it("forgets channels that are gone, and is never below 0", () => {
  const look = sequence();
  look([{ channel: channel(), times: undefined }], 100n * second);
  look([], 110n * second);
  expect(look([{ channel: channel({ receiver: "stopped" }), times: undefined }], 120n * second)).toEqual([undefined]);
  const ahead = { channel: channel({ caughtUp: false }), times: times({ applyingMicros: 130n * second }) };
  expect(look([ahead], 120n * second)).toEqual([0]);
});
