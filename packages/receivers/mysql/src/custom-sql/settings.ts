import { readOnlyObjection } from "@dbintel/sql";
import { customQueries } from "@dbintel/watching";

/** The setting `custom_queries`. Both servers read a text alike as far as it is looked at. */
export const customQuerySettings = customQueries((sql) => {
  // In what is sent a condition follows, by which the server's summary tells whose statement it is.
  if (/^\s*show\b/i.test(sql) && !/\bwhere\b/i.test(sql)) return "a SHOW needs a WHERE, at least WHERE TRUE";
  return readOnlyObjection(sql, "mysql");
});
