import { readOnlyObjection } from "@dbintel/sql";
import { customQueries } from "@dbintel/watching";

/** The setting `custom_queries`. */
export const customQuerySettings = customQueries((sql) => readOnlyObjection(sql, "postgresql"));
