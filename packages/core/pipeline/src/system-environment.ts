import { randomBytes } from "node:crypto";
import { createNoopMeter } from "@opentelemetry/api";
import { systemClock } from "./clock.ts";
import type { Environment, Random } from "./host.ts";
import { jsonLogger } from "./json-logger.ts";

/** The system's randomness (`node:crypto`); throws when it has none. */
export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (length) => randomBytes(length),
};

/** The environment of production: system clock and randomness, warnings as JSON lines on stderr, no metrics. */
export function systemEnvironment(overrides: Partial<Environment> = {}): Environment {
  const clock = overrides.clock ?? systemClock;
  return {
    ...overrides,
    clock,
    random: overrides.random ?? systemRandom,
    logger: overrides.logger ?? jsonLogger({ level: "warn", clock, write: (line) => process.stderr.write(line) }),
    meter: overrides.meter ?? createNoopMeter(),
    build: overrides.build ?? { name: "dbintel", version: "0.1.0" },
  };
}
