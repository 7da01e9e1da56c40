import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { DataPointType, type MetricData, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { PrometheusSettings } from "./config.ts";

/**
 * Metrics as Prometheus text, with the names that the OpenTelemetry Collector serves by default: no unit, and no
 * `_total` on counters. The serializer of OpenTelemetry JS appends `_total` to every monotonic sum and has no switch
 * for it, so it is shown sums that are not monotonic, and their type is put right afterwards.
 */
export function prometheusText(
  metrics: ResourceMetrics,
  settings: Pick<PrometheusSettings, "without_scope_info" | "without_type_suffix">,
): string {
  const serializer = new PrometheusSerializer("", false, undefined, false, settings.without_scope_info);
  const counters = new Set<string>();
  const shown = (metric: MetricData): MetricData => {
    const descriptor = { ...metric.descriptor, unit: "" };
    if (metric.dataPointType !== DataPointType.SUM || !metric.isMonotonic || !settings.without_type_suffix) {
      return { ...metric, descriptor };
    }
    counters.add(metric.descriptor.name);
    return { ...metric, descriptor, isMonotonic: false };
  };
  const text = serializer.serialize({
    resource: metrics.resource,
    scopeMetrics: metrics.scopeMetrics.map(({ scope, metrics: own }) => ({ scope, metrics: own.map(shown) })),
  });
  return text.replace(/^# TYPE (\S+) gauge$/gm, (line, name: string) =>
    counters.has(name) ? `# TYPE ${name} counter` : line,
  );
}
