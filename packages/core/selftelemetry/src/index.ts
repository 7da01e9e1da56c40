export type { TelemetryConfig } from "./config.ts";
export { telemetrySchema } from "./config.ts";
export { consoleLogger } from "./console-logger.ts";
export type { SelfTelemetry, SelfTelemetryOptions } from "./self-telemetry.ts";
export { createLogger, startSelfTelemetry } from "./self-telemetry.ts";
