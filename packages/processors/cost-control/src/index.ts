export { costControl } from "./component.ts";
export type { CostControlConfig } from "./config.ts";
