import { type BreakerSettings, defaultBreakerSettings } from "@dbintel/guard";
import type { CircuitKind } from "./circuit.ts";
import type { CircuitBreakerConfig } from "./config.ts";

/** Floods are judged by intervals in a row, health by shares of items in a window. */
export function breakerSettings(config: CircuitBreakerConfig): Readonly<Record<CircuitKind, BreakerSettings>> {
  const common = {
    ...defaultBreakerSettings,
    minOpenMs: config.open_state_timeout,
    maxOpenMs: config.max_open_state_timeout,
    successThreshold: config.success_threshold,
  };
  const { health } = config;
  return {
    flood: { ...common, failureThreshold: config.failure_threshold, minimumVolume: Number.POSITIVE_INFINITY },
    health: {
      ...common,
      failureThreshold: Number.POSITIVE_INFINITY,
      ...(health !== undefined && {
        failureRate: health.failure_share,
        slowCallRate: health.slow_share,
        minimumVolume: health.minimum_items,
        windowMs: health.window,
      }),
    },
  };
}
