import type { Metric, Metrics } from "@dbintel/pdata";
import type { Clock, Component, ConsumeContext, Consumer } from "@dbintel/pipeline";
import type { Undo } from "./conversion.ts";
import { undoneOnRefusal } from "./undoing.ts";

/** One of the two directions. */
export interface Converting {
  readonly size: number;
  convert(metrics: Metrics, nowUnixNano: bigint, accepts?: (metric: Metric) => boolean): Undo;
}

/**
 * Converts what it is handed and passes it on; a batch that is refused leaves no trace. Holds no telemetry.
 */
export class Converter implements Component, Consumer<"metrics"> {
  readonly #converting: Converting;
  readonly #accepts: ((metric: Metric) => boolean) | undefined;
  readonly #clock: Clock;
  readonly #next: Consumer<"metrics">;

  constructor(args: {
    readonly converting: Converting;
    /** Which metrics are converted. Default: all. */
    readonly accepts: ((metric: Metric) => boolean) | undefined;
    readonly clock: Clock;
    readonly next: Consumer<"metrics">;
  }) {
    this.#converting = args.converting;
    this.#accepts = args.accepts;
    this.#clock = args.clock;
    this.#next = args.next;
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async consume(metrics: Metrics, context: ConsumeContext): Promise<void> {
    const undo = this.#converting.convert(metrics, this.#clock.unixNano(), this.#accepts);
    if (metrics.count > 0) await undoneOnRefusal(undo, () => this.#next.consume(metrics, context));
  }
}
