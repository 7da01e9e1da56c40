export { healthCheck } from "./component.ts";
