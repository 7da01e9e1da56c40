import { number, type Row, text } from "@dbintel/watching";
import type { Product } from "../connection/connection.ts";
import { type LockEdge, mostEdges } from "./lock-wait.ts";

/**
 * Who waits for a lock of InnoDB, and for whom: MySQL 8 in data_lock_waits, MariaDB in INNODB_LOCK_WAITS, for which the
 * user needs PROCESS. Asked only while the server counts such waits: both hold up the lock system for a moment. What the
 * columns `lock_data` tell are values of rows: they are not read.
 */
export function rowLockSql(product: Product): string {
  return product === "mysql" ? mysqlSql : mariadbSql;
}

const mysqlSql = `
  SELECT rt.PROCESSLIST_ID AS session, bt.PROCESSLIST_ID AS blocker, l.LOCK_MODE AS mode, l.LOCK_TYPE AS type,
         l.OBJECT_SCHEMA AS object_schema, l.OBJECT_NAME AS object_name, l.INDEX_NAME AS index_name
    FROM performance_schema.data_lock_waits w
    JOIN performance_schema.data_locks l
      ON l.ENGINE = w.ENGINE AND l.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID
    JOIN performance_schema.threads rt ON rt.THREAD_ID = w.REQUESTING_THREAD_ID
    JOIN performance_schema.threads bt ON bt.THREAD_ID = w.BLOCKING_THREAD_ID
   LIMIT ${mostEdges}`;

const mariadbSql = `
  SELECT r.trx_mysql_thread_id AS session, b.trx_mysql_thread_id AS blocker, l.lock_mode AS mode, l.lock_type AS type,
         l.lock_table AS object_name, l.lock_index AS index_name
    FROM information_schema.INNODB_LOCK_WAITS w
    JOIN information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id
    JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id
    JOIN information_schema.INNODB_LOCKS l ON l.lock_id = w.requested_lock_id
   LIMIT ${mostEdges}`;

/** A row of the statements above. */
export function rowLockOf(row: Row): LockEdge {
  const schema = text(row, "object_schema");
  const name = text(row, "object_name");
  return {
    session: number(row, "session") ?? 0,
    blocker: number(row, "blocker") ?? 0,
    mode: text(row, "mode") ?? "",
    type: text(row, "type") ?? "",
    relation: schema === undefined || name === undefined ? withoutQuotes(name) : `${schema}.${name}`,
    index: text(row, "index_name"),
  };
}

/** MariaDB: `` `app`.`t` ``. */
function withoutQuotes(name: string | undefined): string | undefined {
  return name?.replaceAll("`", "");
}
