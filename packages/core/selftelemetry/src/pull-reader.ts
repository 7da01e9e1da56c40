import { AggregationTemporality, MetricReader } from "@opentelemetry/sdk-metrics";

/** The most series that one instrument may have; what comes after is summed in one series (`otel.metric.overflow`). */
const maxSeries = 10_000;

/** A reader that collects when somebody asks. */
export class PullReader extends MetricReader {
  constructor() {
    super({
      aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE,
      cardinalitySelector: () => maxSeries,
    });
  }

  protected async onForceFlush(): Promise<void> {}

  protected async onShutdown(): Promise<void> {}
}
