import { statfs } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "@dbintel/pipeline";
import type { HealthConfig } from "./config.ts";
import type { Finding } from "./finding.ts";

const millisecondsPerNano = 1e-6;
const loopPercentile = 99;
/** Microseconds of processor time in a millisecond of one core. */
const microsecondsPerMs = 1000;

/** What is read of the process and its machine. */
export interface HealthReading {
  readonly memory_percent: number;
  readonly cpu_percent: number;
  /** 99th percentile since the last reading, in milliseconds. */
  readonly event_loop_delay: number;
  /** `undefined` where the file system does not tell. */
  readonly disk_percent: number | undefined;
}

const advice = {
  memory_percent: "give the container more memory, or set memory_limiter lower",
  cpu_percent: "give the container more processor time, or send it less: longer intervals, lower sampling rates",
  event_loop_delay: "something holds the process up: look at processor time, and at the size of batches",
  disk_percent: "free space: queues and state can no longer be written when the disk is full",
} as const;

/** Reads how the process fares. */
export class Health {
  readonly #clock: Clock;
  readonly #config: HealthConfig;
  readonly #loop = monitorEventLoopDelay({ resolution: 20 });
  #cpu = process.cpuUsage();
  #readMs: number;

  constructor(clock: Clock, config: HealthConfig) {
    this.#clock = clock;
    this.#config = config;
    this.#readMs = clock.monotonicMs();
  }

  /** Time between two readings. */
  get intervalMs(): number {
    return this.#config.interval;
  }

  start(): void {
    this.#loop.enable();
    this.#cpu = process.cpuUsage();
    this.#readMs = this.#clock.monotonicMs();
  }

  stop(): void {
    this.#loop.disable();
  }

  async read(): Promise<HealthReading> {
    const nowMs = this.#clock.monotonicMs();
    const { user, system } = process.cpuUsage(this.#cpu);
    const elapsedMs = Math.max(1, nowMs - this.#readMs);
    const delayMs = this.#loop.percentile(loopPercentile) * millisecondsPerNano;
    this.#cpu = process.cpuUsage();
    this.#readMs = nowMs;
    this.#loop.reset();
    return {
      memory_percent: (100 * process.memoryUsage.rss()) / memoryBytes(),
      cpu_percent: (100 * (user + system)) / microsecondsPerMs / elapsedMs / availableParallelism(),
      event_loop_delay: delayMs,
      disk_percent: await usedDisk(this.#config.disk_path),
    };
  }

  /** What is above its threshold. */
  judge(reading: HealthReading): readonly Finding[] {
    return (Object.keys(advice) as (keyof typeof advice)[]).flatMap((subject) => {
      const value = reading[subject];
      const limit = this.#config[subject];
      if (value === undefined || value <= limit) return [];
      const message = `${subject} of the collector is ${value.toFixed(0)}`;
      return [
        {
          category: "system_health",
          subject,
          message,
          remediation: advice[subject],
          evidence: { value, limit },
        } as const,
      ];
    });
  }
}

/** What the process may use at most: the container's limit where there is one. */
function memoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

async function usedDisk(path: string): Promise<number | undefined> {
  try {
    const { blocks, bavail } = await statfs(path);
    return blocks > 0 ? (100 * (blocks - bavail)) / blocks : undefined;
  } catch {
    // A path that is not there yet has no file system to be full.
    return undefined;
  }
}
