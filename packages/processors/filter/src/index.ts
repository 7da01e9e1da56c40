export { filter } from "./component.ts";
export type { FilterConfig } from "./config.ts";
