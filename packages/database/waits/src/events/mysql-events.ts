import type { WaitCategory } from "../category.ts";
import { words } from "./words.ts";

/** Kinds of instruments below `wait/synch`. */
const latches = ["mutex", "rwlock", "prlock", "sxlock"] as const;
const synchronisation = [...latches, "cond"] as const;

/** Parts of the server whose latches need no closer look. */
const components = words(`
  archive aria blackhole csv federated innodb memory myisam myisammrg mysqlx mysys p_dyn_loader partition
  performance_schema pfs proxy_proto refcache session sha2_auth sql temptable uuid_v7`);

const storage = words(`
  archive aria csv innodb myisam myisammrg mysys partition sql`);

function below(folders: readonly string[], names: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => names.map((name) => `${folder}/${name}`));
}

const synchronisationFolders = synchronisation.map((kind) => `wait/synch/${kind}`);
const sqlFolders = synchronisationFolders.map((folder) => `${folder}/sql`);

/**
 * Instruments of the Performance Schema of MySQL 9 and MariaDB 10.11 (`setup_instruments`): single ones, and families,
 * which hold for all names that begin with them at a `/` or `::`. The longest one decides. Manual: "Performance Schema
 * Instrument Naming Conventions".
 *
 * `wait/io/table/sql/handler` lies around all that the storage engine does for a statement, its file I/O included, which
 * has events of its own; where it is the innermost wait the engine computes, or waits for a row lock, which no event tells.
 */
const instruments: Partial<Readonly<Record<WaitCategory, readonly string[]>>> = {
  cpu: words(`wait/io/table stage`),
  lock_table: words(`wait/lock/table wait/synch/cond/mysys/my_thread_var::suspend wait/synch/cond/sql/COND_thr_lock`),
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
        aria/control aria/translog innodb/innodb_arch_file innodb/innodb_log_file innodb/meb::redo_log_archive_file
        myisam/log sql/binlog sql/binlog_cache sql/binlog_index sql/binlog_index_cache sql/binlog_state
        sql/log_event_data sql/log_event_info sql/query_log sql/slow_log sql/tclog`),
    ),
    ...below(
      sqlFolders,
      words(`
        COND_prepare_ordered LOCK_after_binlog_sync LOCK_binlog LOCK_commit_ordered LOCK_log LOCK_prepare_ordered
        MYSQL_BIN_LOG PAGE TC_LOG_MMAP wait_for_commit`),
    ),
    ...below(
      synchronisationFolders,
      words(`
        aria/TRANSLOG_BUFFER aria/TRANSLOG_DESCRIPTOR innodb/log_cmdq_mutex innodb/log_flush_notifier_mutex
        innodb/log_flusher_mutex innodb/log_sn_lock innodb/log_sys_mutex innodb/log_write_notifier_mutex
        innodb/log_writer_mutex`),
    ),
  ],
  io_temp: below(
    ["wait/io/file"],
    words(`
      innodb/innodb_temp_file myisam/data_tmp sql/hash_join sql/io_cache sql/load sql/map sql/tempfile temptable`),
  ),
  network: words(`wait/io/socket`),
  buffer: [
    ...below(
      synchronisationFolders,
      words(`
        innodb/buf_pool_mutex innodb/buf_pool_LRU_list_mutex innodb/buf_pool_free_list_mutex innodb/buf_pool_chunks_mutex
        innodb/buf_pool_zip_free_mutex innodb/buf_pool_zip_hash_mutex innodb/buf_pool_zip_mutex innodb/buf_block_lock
        innodb/flush_list_mutex innodb/hash_table_locks innodb/btr_search_latch aria/PAGECACHE mysys/KEY_CACHE
        myisam/keycache_thread_var`),
    ),
    ...below(sqlFolders, words(`Query_cache Query_cache_query`)),
  ],
  latch: below(synchronisationFolders, components),
  replication: [
    ...below(
      ["wait/io/file/sql"],
      words(`
        master_info relay_log_info relaylog relaylog_cache relaylog_index relaylog_index_cache wsrep_gra_log`),
    ),
    ...below(synchronisationFolders, words(`group_rpl replication semisync`)),
    ...below(
      sqlFolders,
      words(`
        Ack_receiver COND_binlog_send COND_group_commit_orderer COND_gtid_ignore_duplicates COND_parallel_entry
        COND_rpl_thread_pool COND_rpl_thread_queue COND_rpl_thread_stop COND_slave_deadlock_handler
        COND_wait_gtid COND_wsrep_donor_monitor COND_wsrep_gtid_wait_upto COND_wsrep_joiner_monitor COND_wsrep_ready
        COND_wsrep_replaying COND_wsrep_sst COND_wsrep_sst_init Commit_order_manager
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
        COND_rpl_thread COND_socket_listener_active COND_start_signal_handler COND_thread_cache
        COND_wsrep_wsrep_slave_threads Event_scheduler MYSQL_BIN_LOG::COND_bin_log_updated
        MYSQL_BIN_LOG::COND_binlog_background_thread MYSQL_BIN_LOG::COND_relay_log_updated MYSQL_BIN_LOG::update_cond
        MYSQL_RELAY_LOG Master_info::sleep_cond Relay_log_info::sleep_cond Source_info::sleep_cond
        Worker_info::jobs_cond`),
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
  lock_table: [
    "waiting for table level lock",
    "table lock",
    "system lock",
    "waiting for handler lock",
    "waiting for handler insert",
    "waiting for handler open",
    "waiting for delay_list",
  ],
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
    "waiting for library metadata lock",
    "waiting for spatial reference system lock",
    "waiting for acl cache lock",
  ],
  lock_user: ["user lock", "waiting for locking service lock"],
  io_data: ["waiting for disk space"],
  io_log: [
    "waiting for handler commit",
    "writing to binlog",
    "waiting for prior transaction to commit",
    "waiting for prior transaction to start commit",
    "waiting for gtid to be written to binary log",
    "waiting for background binlog tasks",
    "waiting for binlog group commit ticket",
  ],
  io_temp: ["copying to tmp table on disk", "converting heap to ondisk", "converting heap to aria"],
  network: ["sending to client", "reading from net", "sending cached result to client", "receiving from client"],
  latch: [
    "waiting for query cache lock",
    "waiting for a resource",
    "waiting to finalize termination",
    "waiting for the scheduler to stop",
  ],
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
    "waiting for replica workers to process their queues",
    "waiting for replica worker queue",
    "waiting for replica workers to free pending events",
    "waiting for replica worker to release partition",
    "waiting for workers to exit",
    "waiting for gtid to be committed",
    "waiting for source update",
    "waiting for master update",
    "waiting for the replica sql thread to free relay log space",
    "waiting for the replica sql thread to advance position",
    "waiting for replica mutex on exit",
    "waiting for slave mutex on exit",
    "waiting for replica thread to start",
    "waiting for slave thread to start",
    "waiting for no channel reference.",
    "waiting for room in worker thread event queue",
    "waiting in master_gtid_wait() (primary waiter)",
    "waiting for other master connection to process the same gtid",
    "waiting for parallel replication deadlock handling to complete",
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
    "waiting to reconnect after a failed binlog dump request",
    "waiting to reconnect after a failed source event read",
    "waiting to reconnect after a failed registration on source",
    "waiting until source_delay seconds after source executed event",
    "waiting until master_delay seconds after master executed event",
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
