import { type AttributeKey, attributeKey, type DataPoint } from "@dbintel/pdata";
import type { TableFact } from "./table-fact.ts";

/** What the points of a metric tell: of a table as a whole, or of a part of it whose values add up. */
export interface TableMetric {
  /** `undefined` for points that tell nothing that is remembered. */
  factOf(point: DataPoint): TableFact | undefined;
  /** The attribute that tells points of one table apart, of the point or its resource. */
  readonly part: AttributeKey | undefined;
}

function whole(fact: TableFact): TableMetric {
  return { factOf: () => fact, part: undefined };
}

function byValue(attribute: string, facts: Readonly<Record<string, TableFact>>): TableMetric {
  const key = attributeKey(attribute);
  const byName = new Map(Object.entries(facts));
  return { factOf: ({ attributes }) => byName.get(attributes.getString(key) ?? ""), part: key };
}

const operationKey = attributeKey("operation");
const indexKey = attributeKey("index");

/** The name that the OpenTelemetry Collector's `mysql` receiver gives to accesses without an index. */
const noIndex = "NONE";

/**
 * The metrics of tables that are known: those of the OpenTelemetry Collector's `postgresql` and `mysql` receivers, and
 * those of Prometheus' `postgres_exporter`.
 */
export const tableMetrics: ReadonlyMap<string, TableMetric> = new Map<string, TableMetric>([
  ["postgresql.rows", byValue("state", { live: "live_rows", dead: "dead_rows" })],
  ["postgresql.operations", byValue("operation", { ins: "changed_rows", upd: "changed_rows", del: "changed_rows" })],
  ["postgresql.table.size", whole("size")],
  ["postgresql.table.vacuum.count", whole("vacuums")],
  ["postgresql.sequential_scans", whole("sequential_scans")],
  ["postgresql.index.scans", { factOf: () => "index_scans", part: attributeKey("postgresql.index.name") }],

  ["mysql.table.rows", whole("live_rows")],
  ["mysql.table.size", byValue("kind", { data: "size", index: "size" })],
  [
    "mysql.table.io.wait.count",
    byValue("operation", { insert: "changed_rows", update: "changed_rows", delete: "changed_rows" }),
  ],
  [
    "mysql.index.io.wait.count",
    {
      factOf: ({ attributes }) => {
        if (attributes.getString(operationKey) !== "fetch") return undefined;
        return attributes.getString(indexKey) === noIndex ? "sequential_scans" : "index_scans";
      },
      part: indexKey,
    },
  ],

  ["pg_stat_user_tables_n_live_tup", whole("live_rows")],
  ["pg_stat_user_tables_n_dead_tup", whole("dead_rows")],
  ["pg_stat_user_tables_n_mod_since_analyze", whole("modified_rows")],
  ...parts("pg_stat_user_tables_n_tup_", ["ins", "upd", "del"], "changed_rows"),
  ...parts("pg_stat_user_tables_", ["vacuum_count", "autovacuum_count"], "vacuums"),
  ...parts("pg_stat_user_tables_", ["analyze_count", "autoanalyze_count"], "analyzes"),
  ...parts("pg_stat_user_tables_", ["last_vacuum", "last_autovacuum"], "vacuumed_at"),
  ...parts("pg_stat_user_tables_", ["last_analyze", "last_autoanalyze"], "analyzed_at"),
  ["pg_stat_user_tables_seq_scan", whole("sequential_scans")],
  ["pg_stat_user_tables_idx_scan", whole("index_scans")],
  ...parts("pg_stat_user_tables_", ["table_size_bytes", "index_size_bytes"], "size"),
]);

/** Metrics that are parts of one fact. */
function parts(prefix: string, names: readonly string[], fact: TableFact): [string, TableMetric][] {
  return names.map((name) => [prefix + name, whole(fact)]);
}

/** The table that a point is about. */
export interface TablePlace {
  readonly database: string;
  /** "" where the point does not say, and where the system has none. */
  readonly schema: string;
  readonly table: string;
}

const namespaceKey = attributeKey("db.namespace");
const collectionKey = attributeKey("db.collection.name");
const databaseNameKey = attributeKey("postgresql.database.name");
const schemaNameKey = attributeKey("postgresql.schema.name");
const tableNameKey = attributeKey("postgresql.table.name");
const exporterKeys = {
  database: attributeKey("datname"),
  schema: attributeKey("schemaname"),
  table: attributeKey("relname"),
};
const mysqlKeys = { schema: attributeKey("schema"), table: attributeKey("table") };

/** `undefined` for a point that is about no table. */
export function tablePlace({ attributes, resource }: DataPoint): TablePlace | undefined {
  const relation = attributes.getString(exporterKeys.table);
  if (relation !== undefined) {
    const database = attributes.getString(exporterKeys.database) ?? "";
    return { database, schema: attributes.getString(exporterKeys.schema) ?? "", table: relation };
  }
  // In MySQL a schema and a database are the same.
  const mysqlTable = attributes.getString(mysqlKeys.table);
  if (mysqlTable !== undefined) {
    return { database: attributes.getString(mysqlKeys.schema) ?? "", schema: "", table: mysqlTable };
  }
  const name = attributes.getString(collectionKey) ?? resource.attributes.getString(tableNameKey);
  if (name === undefined) return undefined;
  const [database = "", inNamespace = ""] = (
    attributes.getString(namespaceKey) ??
    resource.attributes.getString(databaseNameKey) ??
    attributes.getString(databaseNameKey) ??
    ""
  ).split("|", 2);
  const dot = name.indexOf(".");
  if (dot > 0) return { database, schema: name.slice(0, dot), table: name.slice(dot + 1) };
  return { database, schema: resource.attributes.getString(schemaNameKey) ?? inNamespace, table: name };
}
