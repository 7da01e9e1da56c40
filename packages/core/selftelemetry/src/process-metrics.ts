import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "@dbintel/pipeline";
import type { Meter } from "@opentelemetry/api";

/**
 * Publishes what the process costs, under the OpenTelemetry Collector's names, and how late its event loop runs.
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
  meter
    .createObservableGauge("otelcol_process_runtime_heap_alloc_bytes", { unit: "By", description: "Used heap." })
    .addCallback((result) => result.observe(process.memoryUsage().heapUsed));
  const loop = new LoopDelay(clock);
  meter
    .createObservableGauge("dbintel_event_loop_delay_seconds", {
      unit: "s",
      description: "How late a timer ran in the last seconds; quantile 1 is the longest.",
    })
    .addCallback((result) => {
      for (const [quantile, seconds] of loop.read()) result.observe(seconds, { quantile });
    });
  return () => loop.stop();
}

/** A timer this often samples the delay. */
const resolutionMs = 20;
/** Two readers that collect within this time see the same samples. */
const windowMs = 10_000;

/** Event-loop delay since a reading that is at least ten seconds old. */
class LoopDelay {
  readonly #clock: Clock;
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
    this.#histogram.enable();
  }

  read(): readonly (readonly [quantile: string, seconds: number])[] {
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1e3);
    const reading = [
      ["0.5", late(this.#histogram.percentile(50))],
      ["0.99", late(this.#histogram.percentile(99))],
      ["1", late(this.#histogram.max)],
    ] as const;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#sinceMs >= windowMs) {
      this.#histogram.reset();
      this.#sinceMs = nowMs;
    }
    return reading;
  }

  stop(): void {
    this.#histogram.disable();
  }
}
