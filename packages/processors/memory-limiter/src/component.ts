import { defineProcessor } from "@dbintel/pipeline";
import { memoryLimiterConfig } from "./config.ts";
import { processMemory } from "./memory.ts";
import { MemoryLimiter } from "./memory-limiter.ts";

/** The processor `memory_limiter`: refuses data while the process is short of memory. */
export const memoryLimiter = defineProcessor({
  type: "memory_limiter",
  description: "Refuses data while the process is short of memory, before the operating system or V8 ends it.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: memoryLimiterConfig,
  create: (args) => new MemoryLimiter({ ...args, memory: processMemory() }),
});
