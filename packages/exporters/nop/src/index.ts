export { nop } from "./component.ts";
