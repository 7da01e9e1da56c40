// Symbols above are for those who export to a console. Symbols below are for commands that show telemetry as it does.
export { batchText } from "./batch-text.ts";
export { debug } from "./component.ts";
export type { DebugConfig, Verbosity } from "./config.ts";
export { verbosities } from "./config.ts";
export { plain } from "./value-text.ts";
