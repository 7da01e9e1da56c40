import { single } from "@dbintel/watching";
import { blockSize, detailsSql, type RelationKind, tableLabels, userRelations } from "./relation-kind.ts";
import { sinceSql } from "./tables.ts";

const counted = { type: "counter", number: "int", startColumn: "start" } as const;

const indexes = `
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'i' AND ${userRelations}`;

/** Labels of what belongs to an index. */
export const indexLabels = { ...tableLabels, "postgresql.index.name": "index" } as const;

export const indexKind: RelationKind = {
  name: "indexes",
  labels: indexLabels,
  metrics: [
    single(
      { name: "postgresql.index.scans", description: "Scans of the index", unit: "{scans}", ...counted, enabled: true },
      "scans",
    ),
    single(
      {
        name: "postgresql.index.size",
        description: "Disk space, as of the last VACUUM or ANALYZE",
        ...{ unit: "By", type: "gauge", number: "int", enabled: true },
      },
      "size",
    ),
    {
      name: "dbintel.postgresql.index.rows_read",
      description: "Entries of the index read, and rows of the table fetched by it",
      ...{ unit: "{rows}", ...counted, enabled: false },
      values: [
        { column: "entries", attributes: { kind: "entries" } },
        { column: "fetched", attributes: { kind: "rows" } },
      ],
    },
  ],
  rankingSql: `
    SELECT c.oid, c.relpages::int8 AS size, pg_stat_get_numscans(c.oid) AS activity
      ${indexes}
     ORDER BY size DESC, c.oid LIMIT $1`,
  detailsSql: () =>
    `WITH ${sinceSql}
     ${detailsSql({
       keys: {
         schema: "n.nspname::text",
         collection: "t.relname::text",
         table: "concat(n.nspname, '.', t.relname)",
         index: "c.relname::text",
       },
       columns: [
         { name: "start", sql: "(SELECT start FROM since)", aggregate: "max" },
         { name: "scans", sql: "pg_stat_get_numscans(c.oid)" },
         { name: "entries", sql: "pg_stat_get_tuples_returned(c.oid)" },
         { name: "fetched", sql: "pg_stat_get_tuples_fetched(c.oid)" },
         { name: "size", sql: `c.relpages * ${blockSize}` },
       ],
       from: indexes,
     })}`,
};
