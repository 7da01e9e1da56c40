export { memoryLimiter } from "./component.ts";
export type { MemoryLimiterConfig } from "./config.ts";
