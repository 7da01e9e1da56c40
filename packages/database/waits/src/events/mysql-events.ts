import type { WaitCategory } from "../category.ts";
import { words } from "./words.ts";

/** Kinds of instruments below `wait/synch`. */
const latches = ["mutex", "rwlock", "prlock", "sxlock"] as const;
const synchronisation = [...latches, "cond"] as const;

/** Parts of the server whose latches need no closer look. */
const components = words(`
  archive aria blackhole csv federated innodb memory myisam myisammrg mysqlx mysys partition performance_schema
  proxy_proto sql temptable`);

const storage = words(`
  archive aria csv innodb myisam myisammrg mysys partition sql`);

function below(folders: readonly string[], names: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => names.map((name) => `${folder}/${name}`));
}

const synchronisationFolders = synchronisation.map((kind) => `wait/synch/${kind}`);
const sqlFolders = synchronisationFolders.map((folder) => `${folder}/sql`);

/**
 * Instruments of the Performance Schema of MySQL 5.7 to 9 and MariaDB 10.5 to 11 (`setup_instruments`): single ones, and
 * families, which hold for all names that begin with them at a `/` or `::`. The longest one decides. Manual: "Performance
 * Schema Instrument Naming Conventions".
 *
 * `wait/io/table/sql/handler` lies around all that the storage engine does for a statement, its file I/O included, which
 * has events of its own; where it is the innermost wait the engine computes, or waits for a row lock, which no event tells.
 */
const instruments: Partial<Readonly<Record<WaitCategory, readonly string[]>>> = {
  cpu: words(`wait/io/table stage`),
  lock_table: words(`wait/lock/table wait/synch/cond/mysys/my_thread_var::suspend`),
  lock_metadata: words(`wait/lock/metadata wait/synch/cond/sql/MDL_context::COND_wait_status`),
  lock_user: words(`wait/synch/cond/sql/User_level_lock`),
  io_data: [
    ...below(["wait/io/file"], storage),
    ...words(`wait/synch/cond/innodb/io_wait wait/synch/cond/aria/SHARE::key_del_cond`),
  ],
  io_log: [
    ...below(
      ["wait/io/file"],
      words(`
        innodb/innodb_log_file innodb/log innodb/redo_log_archive_file innodb/innodb_arch_file aria/control aria/translog
        myisam/log sql/binlog sql/binlog_cache sql/binlog_index sql/binlog_index_cache sql/binlog_state sql/tclog
        sql/log sql/query_log sql/slow_log sql/log_event_data sql/log_event_info sql/MYSQL_LOG`),
    ),
    ...below(sqlFolders, words(`MYSQL_BIN_LOG TC_LOG_MMAP PAGE wait_for_commit LOCK_log LOCK_after_binlog_sync`)),
    ...below(sqlFolders, words(`LOCK_commit_ordered LOCK_prepare_ordered COND_prepare_ordered LOCK_binlog`)),
    ...below(synchronisationFolders, words(`aria/TRANSLOG_BUFFER aria/TRANSLOG_DESCRIPTOR innodb/log_sys_mutex`)),
    ...below(
      synchronisationFolders,
      words(`innodb/log_writer_mutex innodb/log_flusher_mutex innodb/log_write_notifier_mutex`),
    ),
    ...below(synchronisationFolders, words(`innodb/log_flush_notifier_mutex innodb/log_sn_lock innodb/log_cmdq_mutex`)),
  ],
  io_temp: below(
    ["wait/io/file"],
    words(`
      innodb/innodb_temp_file myisam/data_tmp sql/hash_join sql/io_cache sql/load sql/map sql/tempfile temptable`),
  ),
  network: words(`wait/io/socket wait/synch/cond/sql/Ack_receiver`),
  buffer: [
    ...below(
      synchronisationFolders,
      words(`
        innodb/buf_pool_mutex innodb/buf_pool_LRU_list_mutex innodb/buf_pool_free_list_mutex innodb/buf_pool_chunks_mutex
        innodb/buf_pool_zip_free_mutex innodb/buf_pool_zip_hash_mutex innodb/buf_pool_zip_mutex innodb/buf_block_lock
        innodb/flush_list_mutex innodb/hash_table_locks innodb/btr_search_latch aria/PAGECACHE mysys/KEY_CACHE`),
    ),
    ...below(sqlFolders, words(`Query_cache Query_cache_query`)),
  ],
  latch: below(synchronisationFolders, components),
  replication: [
    ...below(["wait/io/file/sql"], words(`master_info relay_log_info relaylog relaylog_cache relaylog_index`)),
    ...below(["wait/io/file/sql"], words(`relaylog_index_cache wsrep_gra_log`)),
    ...below(synchronisationFolders, words(`group_rpl replication semisync`)),
    ...below(
      sqlFolders,
      words(`
        Ack_receiver COND_binlog_send COND_group_commit_orderer COND_gtid_ignore_duplicates COND_parallel_entry
        COND_rpl_thread COND_rpl_thread_pool COND_rpl_thread_queue COND_rpl_thread_stop COND_slave_deadlock_handler
        COND_wait_gtid COND_wsrep_donor_monitor COND_wsrep_gtid_wait_upto COND_wsrep_joiner_monitor COND_wsrep_ready
        COND_wsrep_replaying COND_wsrep_sst COND_wsrep_sst_init COND_wsrep_wsrep_slave_threads Commit_order_manager
        Gtid_state Gtid_set LOCK_active_mi LOCK_parallel_entry LOCK_rpl_semi_sync_master_enabled LOCK_rpl_status
        LOCK_rpl_thread LOCK_rpl_thread_pool LOCK_slave_deadlock_handler LOCK_slave_state Master_info MYSQL_RELAY_LOG
        Relay_log_info Rpl_group_info Slave_reporting_capability Source_info Relaylog_info Worker_info gtid_waiting
        wsrep_sst_thread`),
    ),
  ],
  sleep: words(`wait/synch/cond/sql/Item_func_sleep`),
  idle: [
    ...words(`idle wait/io/socket/sql/server_tcpip_socket wait/io/socket/sql/server_unix_socket`),
    ...words(`wait/io/socket/mysqlx/tcpip_socket wait/io/socket/mysqlx/unix_socket`),
    ...below(
      ["wait/synch/cond/sql"],
      words(`
        COND_compress_gtid_table COND_flush_thread_cache COND_manager COND_queue_state COND_server_started
        COND_socket_listener_active COND_start_signal_handler COND_thread_cache Event_scheduler
        MYSQL_BIN_LOG::COND_binlog_background_thread MYSQL_BIN_LOG::COND_bin_log_updated MYSQL_BIN_LOG::update_cond`),
    ),
    ...words(`wait/synch/cond/mysys/COND_alarm wait/synch/cond/mysys/COND_timer`),
    ...words(`wait/synch/cond/aria/SERVICE_THREAD_CONTROL wait/synch/cond/mysqlx/scheduler_dynamic_worker_pending`),
  ],
};

/** Where names fall that a later release or a plugin brings. */
const families: Readonly<Record<string, WaitCategory>> = {
  "wait/io/file": "io_data",
  "wait/lock": "lock_table",
  "wait/synch": "latch",
};

/**
 * Stages that are waits, which are also what `PROCESSLIST_STATE` and `SHOW PROCESSLIST` say, in lower case. All others are
 * work. Manuals: MySQL "General Thread States" and those about replication, MariaDB "Thread States".
 */
const stages: Partial<Readonly<Record<WaitCategory, readonly string[]>>> = {
  lock_table: ["waiting for table level lock", "table lock", "system lock", "waiting for handler lock"],
  lock_metadata: [
    "waiting for table metadata lock",
    "waiting for schema metadata lock",
    "waiting for global read lock",
    "waiting for commit lock",
    "waiting for backup lock",
    "waiting for event metadata lock",
    "waiting for stored function metadata lock",
    "waiting for stored procedure metadata lock",
    "waiting for stored package body metadata lock",
    "waiting for trigger metadata lock",
    "waiting for tablespace metadata lock",
    "waiting for column statistics lock",
    "waiting for resource groups metadata lock",
    "waiting for foreign key metadata lock",
    "waiting for check constraint metadata lock",
    "waiting for table flush",
  ],
  lock_user: ["user lock"],
  lock_row: ["waiting for row lock"],
  io_log: [
    "waiting for handler commit",
    "writing to binlog",
    "waiting for prior transaction to commit",
    "waiting for prior transaction to start commit",
    "waiting for gtid to be written to binary log",
    "waiting for background binlog tasks",
  ],
  io_temp: ["copying to tmp table on disk", "converting heap to ondisk", "converting heap to aria"],
  network: ["sending to client", "reading from net", "sending cached result to client", "receiving from client"],
  latch: ["waiting for query cache lock", "waiting for a resource"],
  replication: [
    "waiting for semi-sync ack from slave",
    "waiting for semi-sync ack from replica",
    "waiting for semi-sync slave connection",
    "waiting for certification",
    "waiting for flow control",
    "waiting for toi ddl",
    "waiting to execute in isolation",
    "waiting for preceding transaction to commit",
    "waiting for dependent transaction to commit",
    "waiting for the slave sql thread to advance position",
    "waiting for the slave sql thread to free enough relay log space",
    "waiting in master_gtid_wait()",
  ],
  sleep: ["user sleep"],
  idle: [
    "waiting on empty queue",
    "waiting for next activation",
    "waiting for requests",
    "waiting for insert",
    "waiting for master to send event",
    "waiting for source to send event",
    "waiting for work from sql thread",
    "waiting for an event from coordinator",
    "waiting for the next event in relay log",
    "slave has read all relay log; waiting for more updates",
    "replica has read all relay log; waiting for more updates",
    "master has sent all binlog to slave; waiting for more updates",
    "source has sent all binlog to replica; waiting for more updates",
  ],
};

function byName(table: Partial<Readonly<Record<WaitCategory, readonly string[]>>>): ReadonlyMap<string, WaitCategory> {
  return new Map(
    Object.entries(table).flatMap(([category, names]) =>
      names.map((name) => [name.toLowerCase(), category as WaitCategory] as const),
    ),
  );
}

/** In lower case. */
export const mysqlInstruments = byName(instruments);
export const mysqlFamilies: ReadonlyMap<string, WaitCategory> = new Map(Object.entries(families));
export const mysqlStages = byName(stages);
