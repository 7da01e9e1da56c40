export { deltaToCumulative } from "./component.ts";
export type { DeltaToCumulativeConfig } from "./config.ts";
