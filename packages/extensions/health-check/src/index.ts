export { healthCheck } from "./component.ts";
export type { HealthCheckConfig } from "./config.ts";
