export type * from "./api.ts";
export { metricTypes, signals } from "./api.ts";
export type * from "./exchange-api.ts";
export type * from "./producer-api.ts";
