export { newRelic } from "./component.ts";
export type { NewRelicConfig } from "./config.ts";
