export { debug } from "./component.ts";
export type { DebugConfig, Verbosity } from "./config.ts";
export { debugConfig, verbosities } from "./config.ts";
