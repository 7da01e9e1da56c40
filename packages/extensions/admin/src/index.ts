export { admin } from "./component.ts";
export type { AdminConfig } from "./config.ts";
