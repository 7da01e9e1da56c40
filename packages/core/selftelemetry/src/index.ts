export type { TelemetryConfig } from "./config.ts";
export { telemetryListeners, telemetrySchema } from "./config.ts";
export type { SelfTelemetry, SelfTelemetryOptions } from "./self-telemetry.ts";
export { startSelfTelemetry } from "./self-telemetry.ts";
