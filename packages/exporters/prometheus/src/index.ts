export { prometheus } from "./component.ts";
export type { PrometheusConfig } from "./config.ts";
