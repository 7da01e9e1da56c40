import type { Batch } from "@dbintel/pdata";
import type { ConsumeContext, Consumer } from "@dbintel/pipeline";

/** How full a queue is, in the unit of its sizer. */
export interface LaneQueue {
  readonly size: number;
  readonly capacity: number;
  /** Of a queue on disk: what its files occupy. */
  readonly diskBytes?: number;
}

/** The way of one signal through an exporter. */
export interface Lane {
  /** Items that came in and have no fate yet. */
  readonly held: number;
  /** `undefined` without a queue. */
  readonly queue: LaneQueue | undefined;
  consume(batch: Batch, context: ConsumeContext): Promise<void>;
  /**
   * Takes nothing more; resolves when everything has a fate, soon after `signal` is aborted at the latest. What waits in
   * memory goes to the lane of the exporter that takes the place of this one, where there is one.
   */
  stop(options: { readonly signal: AbortSignal; readonly successor?: Consumer | undefined }): Promise<void>;
}
