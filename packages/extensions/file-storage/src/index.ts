export { fileStorage } from "./component.ts";
export type { FileStorageConfig } from "./config.ts";
