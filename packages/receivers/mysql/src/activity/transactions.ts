import { integer, number, type Row } from "@dbintel/watching";

/** A transaction of a session. */
export interface Transaction {
  /** One for all looks at it; in the session it is the only one of this name. */
  readonly name: string;
  /** Microseconds since 1970. */
  readonly startMicros: bigint;
  /** Since when it has waited for a lock of InnoDB, as InnoDB says. */
  readonly waitingSinceMicros: bigint | undefined;
  readonly rowsModified: bigint | undefined;
  readonly rowsLocked: bigint | undefined;
}

/** Those of InnoDB that are open, the oldest first; the user needs PROCESS. Their texts are not read. */
export function transactionsSql(limit: number): string {
  return `
    SELECT trx_mysql_thread_id AS session, CAST(UNIX_TIMESTAMP(trx_started) * 1000000 AS UNSIGNED) AS started,
           CAST(UNIX_TIMESTAMP(trx_wait_started) * 1000000 AS UNSIGNED) AS waiting,
           trx_rows_modified AS modified, trx_rows_locked AS locked
      FROM information_schema.INNODB_TRX
     WHERE trx_mysql_thread_id > 0
     ORDER BY trx_started
     LIMIT ${limit}`;
}

/** By the number of their session in the process list. */
export function transactionsOf(rows: readonly Row[]): ReadonlyMap<number, Transaction> {
  return new Map(
    rows.map((row) => {
      const startMicros = integer(row, "started") ?? 0n;
      const transaction: Transaction = {
        name: String(startMicros),
        startMicros,
        waitingSinceMicros: integer(row, "waiting"),
        rowsModified: integer(row, "modified"),
        rowsLocked: integer(row, "locked"),
      };
      return [number(row, "session") ?? 0, transaction] as const;
    }),
  );
}
