import type { Signal } from "@dbintel/pdata";

/**
 * What New Relic accepts. Lengths are in UTF-16 code units, of which a character has one or two: what is within them
 * is within any way to count characters.
 */
export interface ContractLimits {
  readonly attributeNameLength: number;
  /** Text of an attribute; longer ones are cut off by New Relic, in the middle of whatever they say. */
  readonly attributeValueLength: number;
  readonly arrayLength: number;
  readonly metricNameLength: number;
  /** Attributes of an item together with those of its scope and its resource, which New Relic adds to it. */
  readonly attributes: Readonly<Record<Signal, number>>;
  /** How far the time of an item may lie behind the present, in milliseconds. */
  readonly maxPastMs: number;
  /** How far the time of an item may lie ahead of the present, in milliseconds. */
  readonly maxFutureMs: number;
  /** One item, encoded, with resource and scope: a request that is larger is refused whole. */
  readonly itemBytes: number;
  /** One request, encoded and not compressed. */
  readonly requestBytes: number;
}

/**
 * The documented limits: docs.newrelic.com, "New Relic OTLP endpoint" (names, values, arrays, request size), "Metric
 * API limits and restricted attributes" (metric names, attributes, times), "Log API" and "Event limits" (attributes).
 */
export const documentedLimits: ContractLimits = {
  attributeNameLength: 255,
  attributeValueLength: 4095,
  arrayLength: 64,
  metricNameLength: 255,
  attributes: { metrics: 100, logs: 255, traces: 254 },
  maxPastMs: 48 * 3_600_000,
  maxFutureMs: 24 * 3_600_000,
  itemBytes: 1_000_000,
  requestBytes: 1_000_000,
};
