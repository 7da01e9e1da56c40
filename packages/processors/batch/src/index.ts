export { batch } from "./component.ts";
export type { BatchConfig } from "./config.ts";
