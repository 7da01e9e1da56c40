export { basicAuth } from "./component.ts";
export type { BasicAuthConfig } from "./config.ts";
