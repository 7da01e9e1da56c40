export { mysql } from "./component.ts";
export type { MysqlConfig } from "./config.ts";
