export type { Platform } from "./platform.ts";
export { platformAttributeNames, platformAttributes, platforms, ServerPlatform } from "./platform.ts";
