export { postgresql } from "./component.ts";
export type { PostgresqlConfig } from "./config.ts";
