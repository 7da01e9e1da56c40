export type { Collector, CollectorOptions } from "./embedded.ts";
export { startCollector } from "./embedded.ts";
export type { ComponentName } from "./registry.ts";
export { loadAllDefinitions, loadRegistry } from "./registry.ts";
export type { TopQuery } from "./top-queries.ts";
export { topQueries, topQueryEvent } from "./top-queries.ts";
export type { TopQueryTableOptions } from "./top-query-table.ts";
export { secondsText, topQueryTable } from "./top-query-table.ts";
