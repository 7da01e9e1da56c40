import type { AnyValue, ExponentialHistogram, Logs, Metrics, Temporality, Traces } from "./api.ts";

/** Attributes for a builder. `undefined` values are left out. Integers are bigints, doubles numbers. */
export type AttributesInit = Readonly<Record<string, AnyValue | undefined>> | ReadonlyMap<string, AnyValue>;

export interface ResourceInit {
  readonly attributes: AttributesInit;
  readonly schemaUrl?: string;
}

export interface ScopeInit {
  readonly name: string;
  readonly version?: string;
  readonly attributes?: AttributesInit;
  readonly schemaUrl?: string;
}

export interface LogRecordInit {
  readonly timeUnixNano?: bigint;
  readonly observedTimeUnixNano?: bigint;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body?: AnyValue;
  readonly eventName?: string;
  readonly flags?: number;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes?: AttributesInit;
}

export interface SpanInit {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind?: number;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly flags?: number;
  readonly statusCode?: number;
  readonly statusMessage?: string;
  readonly attributes?: AttributesInit;
  readonly events?: readonly {
    readonly timeUnixNano: bigint;
    readonly name: string;
    readonly attributes?: AttributesInit;
  }[];
  readonly links?: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly traceState?: string;
    readonly attributes?: AttributesInit;
  }[];
}

export interface NumberPointInit {
  readonly attributes?: AttributesInit;
  readonly startTimeUnixNano?: bigint;
  readonly timeUnixNano: bigint;
  /** bigint is written as `as_int`, number as `as_double`. */
  readonly value: bigint | number;
}

/** A point of an exponential histogram. */
export interface DistributionPointInit extends Omit<NumberPointInit, "value"> {
  readonly value: ExponentialHistogram;
}

export interface MetricInit {
  readonly name: string;
  readonly description?: string;
  /** UCUM, as the OpenTelemetry Collector writes it. */
  readonly unit?: string;
}

/**
 * Writes telemetry straight into OTLP bytes. `resource` starts a new resource, `scope` a new scope below it;
 * items go to the last of each. `build` returns the batch and leaves the builder empty.
 */
export interface LogsBuilder {
  resource(init: ResourceInit): this;
  scope(init: ScopeInit): this;
  record(init: LogRecordInit): this;
  build(): Logs;
}

export interface TracesBuilder {
  resource(init: ResourceInit): this;
  scope(init: ScopeInit): this;
  span(init: SpanInit): this;
  build(): Traces;
}

export interface MetricsBuilder {
  resource(init: ResourceInit): this;
  scope(init: ScopeInit): this;
  gauge(init: MetricInit, points: readonly NumberPointInit[]): this;
  sum(
    init: MetricInit & { readonly monotonic: boolean; readonly temporality: Exclude<Temporality, "unspecified"> },
    points: readonly NumberPointInit[],
  ): this;
  exponentialHistogram(
    init: MetricInit & { readonly temporality: Exclude<Temporality, "unspecified"> },
    points: readonly DistributionPointInit[],
  ): this;
  build(): Metrics;
}
