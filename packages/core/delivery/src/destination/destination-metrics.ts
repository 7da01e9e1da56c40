import type { Host } from "@dbintel/pipeline";
import type { Destination } from "./destination.ts";
import { breakerStates } from "./destination-breaker.ts";

/**
 * Offers what is on its way to a destination and what holds it back; the first under the OpenTelemetry Collector's
 * name. Returns a function that takes the offer back.
 */
export function observeDestination(meter: Host["meter"], id: string, destination: Destination): () => void {
  const inFlight = meter.createObservableUpDownCounter("otelcol_exporter_in_flight_requests", {
    description: "Requests that are on their way to the destination.",
    unit: "{requests}",
  });
  const limit = meter.createObservableGauge("dbintel_exporter_concurrency_limit", {
    description: "How many requests of a signal may be on their way at the same time.",
    unit: "{requests}",
  });
  const breaker = meter.createObservableGauge("dbintel_exporter_breaker_state", {
    description: "1 for the state of the destination's circuit breaker, 0 for the others.",
  });
  const observe: Parameters<Host["meter"]["addBatchObservableCallback"]>[0] = (result) => {
    result.observe(inFlight, destination.inFlight, { exporter: id });
    for (const [signal, { limit: most }] of destination.limits) {
      if (Number.isFinite(most)) result.observe(limit, most, { exporter: id, data_type: signal });
    }
    for (const state of breakerStates) {
      result.observe(breaker, destination.state === state ? 1 : 0, { exporter: id, state });
    }
  };
  meter.addBatchObservableCallback(observe, [inFlight, limit, breaker]);
  return () => meter.removeBatchObservableCallback(observe, [inFlight, limit, breaker]);
}
