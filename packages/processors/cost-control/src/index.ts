export { costControl } from "./component.ts";
export type { CostControlConfig } from "./config.ts";
export { costControlConfig } from "./config.ts";
