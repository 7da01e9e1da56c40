/** Statements that look after tables and indexes by their verb alone. */
const verbs: ReadonlyMap<string, string> = new Map([
  ["VACUUM", "vacuum"],
  ["ANALYZE", "analyze"],
  ["ANALYSE", "analyze"],
  ["REINDEX", "reindex"],
  ["CLUSTER", "cluster"],
  ["CHECKPOINT", "checkpoint"],
  ["OPTIMIZE", "optimize"],
  ["REPAIR", "repair"],
  ["CHECK", "check"],
  ["CHECKSUM", "check"],
]);

/** MariaDB's `ANALYZE SELECT …` runs a statement and explains it. */
const explained = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "FORMAT"]);

const indexKinds = new Set(["UNIQUE", "FULLTEXT", "SPATIAL"]);

/**
 * What upkeep a statement does, by the verb and the class of object that its summary begins with; `undefined` for
 * other statements. `EXPLAIN ANALYZE`, or a table or a constant with such a word, is none. Of several statements the
 * first one counts.
 */
export function maintenanceOf(summary: string): string | undefined {
  const words = summary.toUpperCase().split(" ", 4);
  if (words[0] === "BATCH") words.shift();
  const [verb = "", object = "", next] = words;
  if (verb === "ANALYZE" && explained.has(object)) return undefined;
  if (verb === "CREATE") {
    return object === "INDEX" || (indexKinds.has(object) && next === "INDEX") ? "create_index" : undefined;
  }
  if (verb === "DROP" && object === "INDEX") return "drop_index";
  if (verb === "ALTER" && object === "TABLE") return "alter_table";
  if (verb === "REFRESH") return "refresh_materialized_view";
  return verbs.get(verb);
}
