import type { MetricDefinition } from "@dbintel/watching";
import { innodbStatusMetrics } from "./innodb-metrics.ts";
import { many, one, prefixed } from "./status-definition.ts";

const keyCacheAttribute = "mysql.myisam.key_cache.operation.type";

const myisamMetrics: readonly MetricDefinition[] = [
  one("mysql.myisam.key_cache.block.unused", "Key_blocks_unused", {
    description: "Blocks of the MyISAM key cache that hold nothing",
    type: "sum",
    enabled: false,
  }),
  one("mysql.myisam.key_cache.block.used.max", "Key_blocks_used", {
    description: "Most blocks of the MyISAM key cache that were in use at once",
    type: "sum",
    enabled: false,
  }),
  many(
    "mysql.myisam.key_cache.disk.operation",
    keyCacheAttribute,
    { read: "Key_reads", write: "Key_writes" },
    { description: "Blocks of keys that MyISAM read from disk and wrote to it", enabled: false },
  ),
  many(
    "mysql.myisam.key_cache.request",
    keyCacheAttribute,
    { read: "Key_read_requests", write: "Key_write_requests" },
    { description: "Blocks of keys that MyISAM asked its key cache for", enabled: false },
  ),
];

/**
 * Metrics of the server's status, by the names and units of the OpenTelemetry Collector's receiver. Sent by default
 * are those that it sends, those that New Relic's pages of a MySQL server show, and few that tell trouble early.
 */
export const statusMetrics: readonly MetricDefinition[] = [
  many("mysql.buffer_pool.pages", "kind", prefixed("Innodb_buffer_pool_pages_", ["data", "free", "misc", "total"]), {
    description: "Pages of the InnoDB buffer pool by what they hold",
    type: "sum",
  }),
  many(
    "mysql.buffer_pool.data_pages",
    "status",
    { dirty: "Innodb_buffer_pool_pages_dirty", clean: "pages_clean" },
    { description: "Data pages of the InnoDB buffer pool by whether they wait to be written", type: "sum" },
  ),
  many(
    "mysql.buffer_pool.usage",
    "status",
    { dirty: "Innodb_buffer_pool_bytes_dirty", clean: "bytes_clean" },
    { description: "Data in the InnoDB buffer pool by whether it waits to be written", unit: "By", type: "sum" },
  ),
  one("mysql.buffer_pool.page_flushes", "Innodb_buffer_pool_pages_flushed", {
    description: "Pages that the InnoDB buffer pool wrote",
  }),
  many(
    "mysql.buffer_pool.operations",
    "operation",
    prefixed("Innodb_buffer_pool_", [
      "read_ahead_rnd",
      "read_ahead",
      "read_ahead_evicted",
      "read_requests",
      "reads",
      "wait_free",
      "write_requests",
    ]),
    { description: "Operations on the InnoDB buffer pool" },
  ),
  one("mysql.buffer_pool.limit", "innodb_buffer_pool_size", {
    description: "Configured size of the InnoDB buffer pool",
    unit: "By",
    type: "sum",
  }),
  many(
    "mysql.prepared_statements",
    "command",
    prefixed("Com_stmt_", ["execute", "close", "fetch", "prepare", "reset", "send_long_data"]),
    { description: "Commands on prepared statements" },
  ),
  many(
    "mysql.handlers",
    "kind",
    prefixed("Handler_", [
      "commit",
      "delete",
      "discover",
      "external_lock",
      "mrr_init",
      "prepare",
      "read_first",
      "read_key",
      "read_last",
      "read_next",
      "read_prev",
      "read_rnd",
      "read_rnd_next",
      "rollback",
      "savepoint",
      "savepoint_rollback",
      "update",
      "write",
    ]),
    { description: "Requests to storage engines" },
  ),
  many(
    "mysql.double_writes",
    "kind",
    { pages_written: "Innodb_dblwr_pages_written", writes: "Innodb_dblwr_writes" },
    { description: "Writes to the InnoDB doublewrite buffer" },
  ),
  many(
    "mysql.log_operations",
    "operation",
    {
      waits: "Innodb_log_waits",
      write_requests: "Innodb_log_write_requests",
      writes: "Innodb_log_writes",
      fsyncs: "Innodb_os_log_fsyncs",
    },
    { description: "Operations on the InnoDB redo log" },
  ),
  many("mysql.operations", "operation", prefixed("Innodb_data_", ["fsyncs", "reads", "writes"]), {
    description: "File operations of InnoDB",
  }),
  many("mysql.page_operations", "operation", prefixed("Innodb_pages_", ["created", "read", "written"]), {
    description: "InnoDB pages created, read and written",
  }),
  many(
    "mysql.row_locks",
    "kind",
    { waits: "Innodb_row_lock_waits", time: "Innodb_row_lock_time" },
    {
      description: "Waits for InnoDB row locks, and milliseconds spent in them",
    },
  ),
  many("mysql.row_operations", "operation", prefixed("Innodb_rows_", ["deleted", "inserted", "read", "updated"]), {
    description: "Rows that InnoDB handled",
  }),
  many("mysql.locks", "kind", prefixed("Table_locks_", ["immediate", "waited"]), {
    description: "Table locks by whether they were given at once",
  }),
  many("mysql.sorts", "kind", prefixed("Sort_", ["merge_passes", "range", "rows", "scan"]), {
    description: "Sorts by how they were made",
  }),
  many("mysql.threads", "kind", prefixed("Threads_", ["cached", "connected", "created", "running"]), {
    description: "Threads of the server",
    type: "sum",
  }),
  many(
    "mysql.opened_resources",
    "kind",
    { file: "Opened_files", table_definition: "Opened_table_definitions", table: "Opened_tables" },
    { description: "Files and tables that were opened" },
  ),
  one("mysql.uptime", "Uptime", { description: "Time since the server started", unit: "s" }),
  many("mysql.mysqlx_connections", "status", prefixed("Mysqlx_connections_", ["accepted", "closed", "rejected"]), {
    description: "Connections over the X protocol",
  }),
  many(
    "mysql.tmp_resources",
    "resource",
    { disk_tables: "Created_tmp_disk_tables", files: "Created_tmp_files", tables: "Created_tmp_tables" },
    { description: "Temporary tables and files that were created" },
  ),
  many(
    "mysql.commands",
    "command",
    prefixed("Com_", [
      "delete",
      "delete_multi",
      "insert",
      "select",
      "update",
      "update_multi",
      "alter_table",
      "create_index",
      "create_table",
      "optimize",
    ]),
    { description: "Statements by their command" },
  ),
  many(
    "mysql.connection.errors",
    "error",
    {
      ...prefixed("Connection_errors_", ["accept", "internal", "max_connections", "select", "tcpwrap"]),
      peer_address: "Connection_errors_peer_address",
      aborted: "Aborted_connects",
      aborted_clients: "Aborted_clients",
      locked: "Locked_connects",
    },
    { description: "Connections that failed or were lost" },
  ),
  many(
    "mysql.joins",
    "kind",
    {
      full: "Select_full_join",
      full_range: "Select_full_range_join",
      range: "Select_range",
      range_check: "Select_range_check",
      scan: "Select_scan",
    },
    { description: "Joins by how the tables were read" },
  ),
  many(
    "mysql.table_open_cache",
    "status",
    { hit: "Table_open_cache_hits", miss: "Table_open_cache_misses", overflow: "Table_open_cache_overflows" },
    { description: "Look-ups in the cache of open tables" },
  ),
  one("mysql.max_used_connections", "Max_used_connections", {
    description: "Most connections that were open at once since the server started",
    type: "sum",
  }),
  one("mysql.query.count", "Queries", { description: "Statements executed, those of stored programs too" }),
  one("mysql.query.slow.count", "Slow_queries", { description: "Statements that took longer than long_query_time" }),
  one("mysql.query.client.count", "Questions", { description: "Statements that clients sent", enabled: false }),
  one("mysql.connection.count", "Connections", { description: "Attempts to connect" }),
  many(
    "mysql.client.network.io",
    "kind",
    { received: "Bytes_received", sent: "Bytes_sent" },
    {
      description: "Bytes exchanged with clients",
      unit: "By",
      enabled: false,
    },
  ),
  many(
    "mysql.mysqlx_worker_threads",
    "kind",
    { available: "Mysqlx_worker_threads", active: "Mysqlx_worker_threads_active" },
    { description: "Worker threads of the X protocol", type: "sum", enabled: false },
  ),
  one("mysql.page_size", "Innodb_page_size", {
    description: "Size of an InnoDB page",
    unit: "By",
    type: "gauge",
    enabled: false,
  }),
  one("mysql.connection.limit", "max_connections", {
    description: "Connections that may be open at once",
    type: "sum",
  }),
  one("dbintel.mysql.prepared_statements.open", "Prepared_stmt_count", {
    description: "Prepared statements that sessions have not closed",
    unit: "{statements}",
    type: "sum",
  }),
  one("dbintel.mysql.prepared_statements.limit", "max_prepared_stmt_count", {
    description: "Prepared statements that may be open at once",
    unit: "{statements}",
    type: "sum",
  }),
  one("dbintel.mysql.prepared_statements.reprepared", "Com_stmt_reprepare", {
    description: "Times that a statement had to be prepared again, because what it reads had changed",
    unit: "{statements}",
  }),
  ...myisamMetrics,
  ...innodbStatusMetrics,
];
