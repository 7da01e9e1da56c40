export { queryCorrelator } from "./component.ts";
export type { QueryCorrelatorConfig } from "./config.ts";
