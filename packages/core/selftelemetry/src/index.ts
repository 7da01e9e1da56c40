export type { TelemetryConfig } from "./config.ts";
export { telemetrySchema } from "./config.ts";
export type { SelfTelemetry, SelfTelemetryOptions } from "./self-telemetry.ts";
export { startSelfTelemetry } from "./self-telemetry.ts";
