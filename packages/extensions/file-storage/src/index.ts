export { fileStorage } from "./component.ts";
