import type { MysqlServer } from "@dbintel/e2e/servers";

export type Product = "mysql" | "mariadb";

interface ListedMetric {
  readonly name: string;
  readonly unit: string;
  /** `+`: a counter; `S`: a sum that may fall; `G`: what is now. */
  readonly kind: "+" | "S" | "G";
  /** Values of the attribute that tells its points apart. */
  readonly attribute?: readonly [name: string, ...values: readonly string[]];
  /** Why a server has none of it, or not all of its values. */
  readonly absent?: Partial<Record<Product, { readonly reason: string; readonly values?: readonly string[] }>>;
}

const waitOperations = ["operation", "delete", "fetch", "insert", "update"] as const;
const mysqlx = { mariadb: { reason: "it has no X protocol" } } as const;
const keyOperations = ["mysql.myisam.key_cache.operation.type", "read", "write"] as const;
const handlers = [
  ...["commit", "delete", "discover", "external_lock", "mrr_init", "prepare", "read_first", "read_key", "read_last"],
  ...["read_next", "read_prev", "read_rnd", "read_rnd_next", "rollback", "savepoint", "savepoint_rollback", "update"],
  "write",
] as const;
const eventKinds = [
  ...["errors", "warnings", "rows_affected", "rows_sent", "rows_examined", "created_tmp_disk_tables"],
  ...["created_tmp_tables", "sort_merge_passes", "sort_rows", "no_index_used"],
] as const;
const bufferOperations = [
  ...["read_ahead_rnd", "read_ahead", "read_ahead_evicted", "read_requests", "reads", "wait_free", "write_requests"],
] as const;
const commands = [
  ...["delete", "delete_multi", "insert", "select", "update", "update_multi", "alter_table", "create_index"],
  ...["create_table", "optimize"],
] as const;
const connectionErrors = [
  ...["accept", "internal", "max_connections", "peer_address", "select", "tcpwrap", "aborted", "aborted_clients"],
  "locked",
] as const;
const noLockedConnects = { reason: "it does not count them", values: ["locked"] } as const;

/** Every metric of the OpenTelemetry Collector's mysqlreceiver, off by default there or not. */
export const otelcolMetrics: readonly ListedMetric[] = [
  { name: "mysql.buffer_pool.pages", unit: "1", kind: "S", attribute: ["kind", "data", "free", "misc", "total"] },
  { name: "mysql.buffer_pool.data_pages", unit: "1", kind: "S", attribute: ["status", "dirty", "clean"] },
  { name: "mysql.buffer_pool.page_flushes", unit: "1", kind: "+" },
  { name: "mysql.buffer_pool.operations", unit: "1", kind: "+", attribute: ["operation", ...bufferOperations] },
  { name: "mysql.buffer_pool.limit", unit: "By", kind: "S" },
  { name: "mysql.buffer_pool.usage", unit: "By", kind: "S", attribute: ["status", "dirty", "clean"] },
  {
    ...{ name: "mysql.prepared_statements", unit: "1", kind: "+" },
    attribute: ["command", "execute", "close", "fetch", "prepare", "reset", "send_long_data"],
  },
  { name: "mysql.handlers", unit: "1", kind: "+", attribute: ["kind", ...handlers] },
  { name: "mysql.double_writes", unit: "1", kind: "+", attribute: ["kind", "pages_written", "writes"] },
  {
    ...{ name: "mysql.log_operations", unit: "1", kind: "+" },
    attribute: ["operation", "waits", "write_requests", "writes", "fsyncs"],
    absent: { mariadb: { reason: "it does not count them since 10.11", values: ["fsyncs"] } },
  },
  { name: "mysql.operations", unit: "1", kind: "+", attribute: ["operation", "fsyncs", "reads", "writes"] },
  { name: "mysql.page_operations", unit: "1", kind: "+", attribute: ["operation", "created", "read", "written"] },
  { name: "mysql.table.io.wait.count", unit: "1", kind: "+", attribute: waitOperations },
  { name: "mysql.table.io.wait.time", unit: "ns", kind: "+", attribute: waitOperations },
  { name: "mysql.index.io.wait.count", unit: "1", kind: "+", attribute: waitOperations },
  { name: "mysql.index.io.wait.time", unit: "ns", kind: "+", attribute: waitOperations },
  { name: "mysql.row_locks", unit: "1", kind: "+", attribute: ["kind", "waits", "time"] },
  {
    ...{ name: "mysql.row_operations", unit: "1", kind: "+" },
    attribute: ["operation", "deleted", "inserted", "read", "updated"],
    absent: { mariadb: { reason: "it does not count them since 10.6" } },
  },
  { name: "mysql.locks", unit: "1", kind: "+", attribute: ["kind", "immediate", "waited"] },
  { name: "mysql.sorts", unit: "1", kind: "+", attribute: ["kind", "merge_passes", "range", "rows", "scan"] },
  { name: "mysql.threads", unit: "1", kind: "S", attribute: ["kind", "cached", "connected", "created", "running"] },
  { name: "mysql.opened_resources", unit: "1", kind: "+", attribute: ["kind", "file", "table_definition", "table"] },
  { name: "mysql.uptime", unit: "s", kind: "+" },
  {
    ...{ name: "mysql.mysqlx_connections", unit: "1", kind: "+" },
    attribute: ["status", "accepted", "closed", "rejected"],
    absent: mysqlx,
  },
  { name: "mysql.tmp_resources", unit: "1", kind: "+", attribute: ["resource", "disk_tables", "files", "tables"] },
  { name: "mysql.commands", unit: "1", kind: "+", attribute: ["command", ...commands] },
  { name: "mysql.client.network.io", unit: "By", kind: "+", attribute: ["kind", "received", "sent"] },
  { name: "mysql.connection.count", unit: "1", kind: "+" },
  {
    ...{ name: "mysql.connection.errors", unit: "1", kind: "+" },
    attribute: ["error", ...connectionErrors],
    absent: { mariadb: noLockedConnects },
  },
  {
    name: "mysql.joins",
    unit: "1",
    kind: "+",
    attribute: ["kind", "full", "full_range", "range", "range_check", "scan"],
  },
  { name: "mysql.max_used_connections", unit: "1", kind: "S" },
  {
    ...{ name: "mysql.mysqlx_worker_threads", unit: "1", kind: "S" },
    attribute: ["kind", "available", "active"],
    absent: mysqlx,
  },
  { name: "mysql.page_size", unit: "By", kind: "G" },
  { name: "mysql.query.count", unit: "1", kind: "+" },
  { name: "mysql.query.client.count", unit: "1", kind: "+" },
  { name: "mysql.query.slow.count", unit: "1", kind: "+" },
  { name: "mysql.statement_event.count", unit: "1", kind: "S", attribute: ["kind", ...eventKinds] },
  { name: "mysql.statement_event.wait.time", unit: "ns", kind: "S" },
  { name: "mysql.table.average_row_length", unit: "By", kind: "S" },
  { name: "mysql.table.rows", unit: "1", kind: "S" },
  { name: "mysql.table.size", unit: "By", kind: "S", attribute: ["kind", "data", "index"] },
  ...lockWaits("read", "normal", "with_shared_locks", "high_priority", "no_insert", "external"),
  ...lockWaits("write", "allow_write", "concurrent_insert", "low_priority", "normal", "external"),
  { name: "mysql.table_open_cache", unit: "1", kind: "+", attribute: ["status", "hit", "miss", "overflow"] },
  { name: "mysql.innodb.data_file.io", unit: "By", kind: "+", attribute: ["disk.io.direction", "read", "write"] },
  {
    name: "mysql.innodb.operation.pending",
    unit: "1",
    kind: "S",
    attribute: ["operation", "fsyncs", "reads", "writes"],
  },
  { name: "mysql.innodb.row_lock.wait.count", unit: "1", kind: "+" },
  { name: "mysql.innodb.row_lock.wait.duration.avg", unit: "ms", kind: "G" },
  { name: "mysql.innodb.row_lock.wait.duration.max", unit: "ms", kind: "G" },
  { name: "mysql.innodb.history_list.length", unit: "{transaction}", kind: "S" },
  { name: "mysql.innodb.transaction.active.count", unit: "{transaction}", kind: "S" },
  { name: "mysql.innodb.transaction.active.duration.max", unit: "s", kind: "G" },
  { name: "mysql.innodb.redo_log.lsn.current", unit: "By", kind: "G" },
  { name: "mysql.innodb.redo_log.lsn.checkpoint", unit: "By", kind: "G" },
  { name: "mysql.innodb.redo_log.checkpoint.age", unit: "By", kind: "G" },
  { name: "mysql.myisam.key_cache.block.unused", unit: "1", kind: "S" },
  { name: "mysql.myisam.key_cache.block.used.max", unit: "1", kind: "S" },
  { name: "mysql.myisam.key_cache.disk.operation", unit: "1", kind: "+", attribute: keyOperations },
  { name: "mysql.myisam.key_cache.request", unit: "1", kind: "+", attribute: keyOperations },
];

function lockWaits(direction: "read" | "write", ...kinds: readonly string[]): readonly ListedMetric[] {
  const name = `mysql.table.lock_wait.${direction}`;
  return [
    { name: `${name}.count`, unit: "1", kind: "S", attribute: ["kind", ...kinds] },
    { name: `${name}.time`, unit: "ns", kind: "S", attribute: ["kind", ...kinds] },
  ];
}

/** What New Relic's page of a MySQL server draws: metrics, and the attributes it tells them apart by. */
export const newRelicMetrics: Readonly<Record<string, readonly string[]>> = {
  "mysql.threads": ["kind"],
  "mysql.query.count": [],
  "mysql.buffer_pool.operations": ["operation"],
  "mysql.buffer_pool.usage": ["status"],
  "mysql.buffer_pool.limit": [],
  "mysql.buffer_pool.pages": ["kind"],
  "mysql.buffer_pool.data_pages": ["status"],
  "mysql.operations": ["operation"],
  "mysql.log_operations": ["operation"],
  "mysql.double_writes": ["kind"],
  "mysql.buffer_pool.page_flushes": [],
  "mysql.row_locks": ["kind"],
  "mysql.locks": ["kind"],
  "mysql.table.size": ["kind", "schema", "table"],
  "mysql.query.slow.count": [],
  "mysql.uptime": [],
  "mysql.max_used_connections": [],
  "mysql.connection.errors": ["error"],
  "mysql.joins": ["kind"],
  "mysql.sorts": ["kind"],
  "mysql.commands": ["command"],
  "mysql.row_operations": ["operation"],
  "mysql.tmp_resources": ["resource"],
  "mysql.table_open_cache": ["status"],
  "mysql.opened_resources": ["kind"],
};

/** What the correlation of queries makes findings of connections of, and which of their points. */
export const correlatedMetrics: readonly (readonly [name: string, kind: string | undefined])[] = [
  ["mysql.threads", "connected"],
  ["mysql.connection.limit", undefined],
  ["mysql.connection.count", undefined],
];

/** A schema with a table that was read and written. */
export async function fillServer(server: MysqlServer): Promise<void> {
  await server.query("CREATE DATABASE app");
  await server.query("CREATE TABLE app.t (id int PRIMARY KEY, v int, KEY by_v (v))");
  await server.query("INSERT INTO app.t VALUES (1, 1), (2, 2), (3, 3)");
  await server.query("SELECT * FROM app.t FORCE INDEX (by_v) WHERE v = 2");
}
