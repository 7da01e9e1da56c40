import type { Arrival } from "./stream.ts";

/** A sampler in the comparison. */
export interface StreamSampler {
  /**
   * Decides on what arrived. The answer has a number for each record: how many records of the stream it stands for,
   * 0 for one that is dropped. Arrivals come in the order of their times.
   */
  offer(arrival: Arrival): readonly number[];
}

/** Records per second that each sampler is asked to keep. */
export const goalPerSecond = 100;
