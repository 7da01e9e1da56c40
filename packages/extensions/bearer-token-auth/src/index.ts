export { bearerTokenAuth } from "./component.ts";
