export { admin } from "./component.ts";
