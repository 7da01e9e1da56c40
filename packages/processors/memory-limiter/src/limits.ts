import type { MemoryLimiterConfig } from "./config.ts";

/** The two limits in bytes. Data is refused from `softBytes` on; `hardBytes` is where the process is in danger. */
export interface MemoryLimits {
  readonly hardBytes: number;
  readonly softBytes: number;
}

const mib = 2 ** 20;
/** The spike limit where none is set, as in the OpenTelemetry Collector. */
const defaultSpikeShare = 0.2;

/** Turns settings into bytes: absolute ones come first, percentages are of `totalBytes`; soft = hard − spike. */
export function memoryLimits(config: MemoryLimiterConfig, totalBytes: number): MemoryLimits {
  if (config.limit_mib !== undefined) return limits(config.limit_mib * mib, (config.spike_limit_mib ?? 0) * mib);
  const percent = totalBytes / 100;
  return limits((config.limit_percentage ?? 100) * percent, (config.spike_limit_percentage ?? 0) * percent);
}

function limits(hard: number, spike: number): MemoryLimits {
  const reserved = spike === 0 ? hard * defaultSpikeShare : spike;
  return { hardBytes: Math.floor(hard), softBytes: Math.floor(hard - reserved) };
}
