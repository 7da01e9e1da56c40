export { forward } from "./component.ts";
