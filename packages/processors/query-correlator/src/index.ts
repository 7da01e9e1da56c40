export { queryCorrelator } from "./component.ts";
export type { QueryCorrelatorConfig } from "./config.ts";
export { queryCorrelatorConfig } from "./config.ts";
