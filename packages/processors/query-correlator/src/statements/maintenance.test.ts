import { analyzeSql, type SqlDialect } from "@dbintel/sql";
import { expect, it } from "vitest";
import { maintenanceOf } from "./maintenance.ts";

const kind = (text: string, dialect: SqlDialect) => maintenanceOf(analyzeSql(text, dialect).summary);

it.each<[string, SqlDialect, string]>([
  ["VACUUM (FULL, ANALYZE) orders", "postgresql", "vacuum"],
  ["/* nightly */ vacuum", "postgresql", "vacuum"],
  ["ANALYZE orders (id)", "postgresql", "analyze"],
  ["REINDEX INDEX CONCURRENTLY orders_pkey", "postgresql", "reindex"],
  ["CREATE INDEX ON orders (id)", "postgresql", "create_index"],
  ["create unique index concurrently if not exists i on orders (id)", "postgresql", "create_index"],
  ["DROP INDEX CONCURRENTLY i", "postgresql", "drop_index"],
  ["ALTER TABLE orders ADD COLUMN vacuum int", "postgresql", "alter_table"],
  ["CLUSTER orders USING orders_pkey", "postgresql", "cluster"],
  ["CHECKPOINT", "postgresql", "checkpoint"],
  ["REFRESH MATERIALIZED VIEW CONCURRENTLY totals", "postgresql", "refresh_materialized_view"],
  ["OPTIMIZE TABLE orders", "mysql", "optimize"],
  ["ANALYZE TABLE orders", "mariadb", "analyze"],
  ["CREATE FULLTEXT INDEX i ON orders (note)", "mysql", "create_index"],
])("%s (%s) is %s", (text, dialect, expected) => {
  expect(kind(text, dialect)).toBe(expected);
});

it.each<[string, SqlDialect]>([
  ["SELECT * FROM vacuum_log", "postgresql"],
  ["SELECT vacuum FROM analyze_runs WHERE note = 'CREATE INDEX'", "postgresql"],
  ["EXPLAIN ANALYZE SELECT 1 FROM t", "postgresql"],
  ["EXPLAIN (ANALYZE, BUFFERS) SELECT 1 FROM t", "postgresql"],
  ["INSERT INTO reindex VALUES (1)", "postgresql"],
  ["CREATE TABLE index_of (id int)", "postgresql"],
  ["DROP TABLE index", "postgresql"],
  ["ANALYZE SELECT * FROM t", "mariadb"],
  ["ANALYZE FORMAT=JSON SELECT * FROM t", "mariadb"],
])("%s (%s) is none", (text, dialect) => {
  expect(kind(text, dialect)).toBeUndefined();
});
