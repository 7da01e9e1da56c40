import type { Host } from "@dbintel/pipeline";

/**
 * The time of an item in milliseconds since 1970, now where it has none. One that lies ahead of the clock counts as
 * now, so that it does not stay the latest for ever.
 */
export function timeMs(unixNano: bigint, { clock }: Host): number {
  const nowMs = Number(clock.unixNano() / 1_000_000n);
  return unixNano === 0n ? nowMs : Math.min(nowMs, Number(unixNano / 1_000_000n));
}
