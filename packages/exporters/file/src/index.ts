export { file } from "./component.ts";
export type { FileConfig } from "./config.ts";
