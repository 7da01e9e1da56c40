export { bearerTokenAuth } from "./component.ts";
export type { BearerTokenAuthConfig } from "./config.ts";
