import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "@dbintel/pipeline";
import type { Meter } from "@opentelemetry/api";

/**
 * Publishes what the process costs, under the OpenTelemetry Collector's names, and how long its event loop is held up.
 * Returns a function that stops the measuring.
 */
export function observeProcess(meter: Meter, clock: Clock): () => void {
  const startMs = clock.monotonicMs();
  meter
    .createObservableCounter("otelcol_process_uptime", { unit: "s", description: "Seconds since the start." })
    .addCallback((result) => result.observe((clock.monotonicMs() - startMs) / 1000));
  meter
    .createObservableCounter("otelcol_process_cpu_seconds", { unit: "s", description: "CPU time, user and system." })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe((user + system) / 1e6);
    });
  meter
    .createObservableGauge("otelcol_process_memory_rss", { unit: "By", description: "Resident set size." })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  meter
    .createObservableGauge("dbintel_event_loop_delay_seconds", {
      unit: "s",
      description: "How late callbacks ran since the last collection, by quantile.",
    })
    .addCallback((result) => {
      // Quantile 1 is the maximum. Samples are nanoseconds.
      for (const [quantile, nanoseconds] of [
        ["0.5", delay.percentile(50)],
        ["0.99", delay.percentile(99)],
        ["1", delay.max],
      ] as const) {
        result.observe(nanoseconds / 1e9, { quantile });
      }
      delay.reset();
    });
  return () => void delay.disable();
}
