export { cumulativeToDelta } from "./component.ts";
export type { CumulativeToDeltaConfig } from "./config.ts";
