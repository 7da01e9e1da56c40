import type { ChannelTimes } from "./channel-times.ts";
import type { ReplicaChannel } from "./replica-channel.ts";

/** By channel: when it was seen caught up, by the server's clock. */
export type CaughtUp = ReadonlyMap<string, bigint>;

/**
 * How old what a replica shows may be: the time since the last moment up to which it is known to have everything that
 * its source had committed.
 *
 * The server's own number compares only with what was received: it is 0 while nothing arrives, and unknown when a thread
 * has stopped. Here that moment is now while the receiver runs and all is applied; the commit of the oldest transaction
 * that is being applied; or else the latest of the last commit that was applied, the last word of the source once all
 * that it had sent was applied, and the last look that saw the replica caught up. Commits are by the source's clock.
 */
export function staleness(args: {
  readonly channels: readonly { readonly channel: ReplicaChannel; readonly times: ChannelTimes | undefined }[];
  readonly nowMicros: bigint;
  /** What the look before has seen. */
  readonly before: CaughtUp;
}): {
  /** By channel in the same order; `undefined` where nothing is known yet. */
  readonly seconds: readonly (number | undefined)[];
  readonly caughtUp: CaughtUp;
} {
  const { channels, nowMicros, before } = args;
  const caughtUp = new Map<string, bigint>();
  const seconds = channels.map(({ channel, times }) => {
    const name = channel.name ?? "";
    const moment = lastMoment({ channel, times, nowMicros, before: before.get(name) });
    if (moment === undefined) return undefined;
    caughtUp.set(name, moment);
    return moment >= nowMicros ? 0 : Number(nowMicros - moment) / 1e6;
  });
  return { seconds, caughtUp };
}

function lastMoment(args: {
  readonly channel: ReplicaChannel;
  readonly times: ChannelTimes | undefined;
  readonly nowMicros: bigint;
  readonly before: bigint | undefined;
}): bigint | undefined {
  const { channel, times, nowMicros, before } = args;
  const { threads, caughtUp, secondsBehind } = channel;
  const receives = threads.receiver.state === "running";
  if (receives && caughtUp) return nowMicros;
  const applying = receives ? times?.applyingMicros : undefined;
  if (applying !== undefined) return applying;
  const known = [
    before,
    times?.appliedMicros,
    caughtUp ? times?.contactMicros : undefined,
    // Without a receiver the server's number is that of another time.
    receives && secondsBehind !== undefined ? nowMicros - secondsBehind * 1_000_000n : undefined,
  ].filter((moment) => moment !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => (a > b ? a : b));
}
