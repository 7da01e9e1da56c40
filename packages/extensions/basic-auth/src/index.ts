export { basicAuth } from "./component.ts";
