import type { MetricDefinition } from "@dbintel/watching";
import type { ServerQuery } from "./server-query.ts";
import { many, one } from "./status-definition.ts";

const redoLog = { unit: "By", type: "gauge" } as const;

/** What SHOW GLOBAL STATUS tells of InnoDB beside its buffer pool and its log. */
export const innodbStatusMetrics: readonly MetricDefinition[] = [
  many(
    "mysql.innodb.data_file.io",
    "disk.io.direction",
    { read: "Innodb_data_read", write: "Innodb_data_written" },
    { description: "Bytes that InnoDB read from its data files and wrote to them", unit: "By" },
  ),
  many(
    "mysql.innodb.operation.pending",
    "operation",
    { fsyncs: "Innodb_data_pending_fsyncs", reads: "Innodb_data_pending_reads", writes: "Innodb_data_pending_writes" },
    { description: "File operations of InnoDB that are under way", type: "sum" },
  ),
  one("mysql.innodb.row_lock.wait.count", "Innodb_row_lock_waits", { description: "Waits for InnoDB row locks" }),
  one("mysql.innodb.row_lock.wait.duration.avg", "Innodb_row_lock_time_avg", {
    description: "Average time of a wait for an InnoDB row lock since the server started",
    ...{ unit: "ms", type: "gauge" },
  }),
  one("mysql.innodb.row_lock.wait.duration.max", "Innodb_row_lock_time_max", {
    description: "Longest wait for an InnoDB row lock since the server started",
    ...{ unit: "ms", type: "gauge" },
  }),
  one("mysql.innodb.row_lock.waiting", "Innodb_row_lock_current_waits", {
    description: "Sessions that wait for an InnoDB row lock",
    ...{ unit: "{session}", type: "sum" },
  }),
  one("mysql.innodb.redo_log.lsn.current", "redo_log_lsn_current", {
    description: "End of the InnoDB redo log",
    ...redoLog,
    enabled: false,
  }),
  one("mysql.innodb.redo_log.lsn.checkpoint", "redo_log_lsn_checkpoint", {
    description: "Up to where the InnoDB redo log is not needed after a crash",
    ...redoLog,
    enabled: false,
  }),
  one("mysql.innodb.redo_log.checkpoint.age", "redo_log_checkpoint_age", {
    description: "Redo log that has to be read after a crash; near its capacity writes wait",
    ...redoLog,
  }),
  one("mysql.innodb.redo_log.capacity", "redo_log_capacity", {
    description: "Room of the InnoDB redo log",
    unit: "By",
    type: "sum",
  }),
  one("mysql.innodb.redo_log.written", "Innodb_os_log_written", {
    description: "Bytes written to the InnoDB redo log",
    unit: "By",
  }),
];

/** InnoDB's own counters that are read: column → name in INNODB_METRICS. Both servers have them on by default. */
const counters = {
  history: "trx_rseg_history_len",
  deadlocks: "lock_deadlocks",
  timeouts: "lock_timeouts",
} as const;

/** What InnoDB's own tables tell; the user needs PROCESS. */
export const innodbQueries: readonly ServerQuery[] = [
  {
    name: "innodb",
    oneRow: true,
    metrics: [
      one("mysql.innodb.history_list.length", "history", {
        description: "Transactions whose old row versions are not removed yet",
        unit: "{transaction}",
        type: "sum",
      }),
      one("mysql.innodb.deadlock.count", "deadlocks", {
        description: "Deadlocks that InnoDB has ended",
        unit: "{deadlock}",
      }),
      one("mysql.innodb.lock.timeout.count", "timeouts", {
        description: "Waits for InnoDB locks that were given up",
        unit: "{timeout}",
      }),
    ],
    sql({ product }) {
      const on = product === "mysql" ? "STATUS = 'enabled'" : "ENABLED = 1";
      const columns = Object.entries(counters).map(
        ([column, name]) => `CAST(MAX(IF(NAME = '${name}', COUNT, NULL)) AS SIGNED) AS ${column}`,
      );
      const names = Object.values(counters).map((name) => `'${name}'`);
      return `SELECT ${columns.join(", ")} FROM information_schema.INNODB_METRICS
               WHERE NAME IN (${names.join(", ")}) AND ${on}`;
    },
  },
  {
    name: "innodb_transactions",
    oneRow: true,
    metrics: [
      one("mysql.innodb.transaction.active.count", "active", {
        description: "Transactions of InnoDB that are open",
        unit: "{transaction}",
        type: "sum",
      }),
      one("mysql.innodb.transaction.active.duration.max", "oldest", {
        description: "Age of the oldest of them; 0 when there is none",
        unit: "s",
        type: "gauge",
      }),
    ],
    sql: () => `
      SELECT COUNT(*) AS active,
             CAST(COALESCE(GREATEST(MAX(UNIX_TIMESTAMP(NOW()) - UNIX_TIMESTAMP(trx_started)), 0), 0) AS SIGNED) AS oldest
        FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id <> CONNECTION_ID()`,
  },
];
