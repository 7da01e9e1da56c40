import type { DataPoint, LogRecord, Span } from "@dbintel/pdata";
import type { CostControlConfig } from "./config.ts";

/** SEVERITY_NUMBER_ERROR. */
const errorSeverity = 17;
/** STATUS_CODE_ERROR. */
const errorStatus = 2;

/** Tells what is kept at any step. */
export class Essentials {
  readonly #events: ReadonlySet<string>;
  readonly #metrics: ReadonlySet<string>;
  readonly #slowNano: bigint;

  constructor(config: CostControlConfig) {
    this.#events = new Set(config.golden_events);
    this.#metrics = new Set(config.golden_metrics);
    this.#slowNano = BigInt(Math.round(config.slow_span_threshold * 1e6));
  }

  record(record: LogRecord): boolean {
    return record.severityNumber >= errorSeverity || this.#events.has(record.eventName);
  }

  span(span: Span): boolean {
    return span.statusCode === errorStatus || span.endTimeUnixNano - span.startTimeUnixNano >= this.#slowNano;
  }

  point(point: DataPoint): boolean {
    return this.#metrics.has(point.metric.name);
  }
}
