import type { Batch } from "@dbintel/pdata";
import type { ConsumeContext } from "@dbintel/pipeline";

/** The way of one signal through an exporter. */
export interface Lane {
  /** Items that came in and have no fate yet. */
  readonly held: number;
  /** How full the queue is, in the unit of its sizer; `undefined` without a queue. */
  readonly queue: { readonly size: number; readonly capacity: number } | undefined;
  consume(batch: Batch, context: ConsumeContext): Promise<void>;
  /** Takes nothing more; resolves when everything has a fate, soon after `signal` is aborted at the latest. */
  stop(options: { readonly signal: AbortSignal }): Promise<void>;
}
