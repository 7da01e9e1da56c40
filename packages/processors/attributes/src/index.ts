export { attributes } from "./component.ts";
export type { AttributesConfig } from "./config.ts";
