export { failover } from "./component.ts";
export type { FailoverConfig } from "./config.ts";
