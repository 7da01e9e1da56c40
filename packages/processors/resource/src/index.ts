export { resource } from "./component.ts";
export type { ResourceConfig } from "./config.ts";
