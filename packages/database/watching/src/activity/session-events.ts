/** What is told once of sessions and transactions, whatever the database is. */
export const sessionEvents = {
  /** A statement has run for longer than `long_running.statement`. */
  statement: "db.statement.long_running",
  /** A transaction is older than `long_running.transaction`. */
  transaction: "db.transaction.long_running",
  /** A session has been idle in a transaction for longer than `long_running.idle_transaction`. */
  idleTransaction: "db.transaction.idle",
  /** A transaction has been prepared for longer than `long_running.prepared_transaction`. */
  preparedTransaction: "db.transaction.prepared",
  /** Sessions waited for each other until the server ended one: a record for each of them, all with one id. */
  deadlock: "db.deadlock",
} as const;
export type SessionEventName = (typeof sessionEvents)[keyof typeof sessionEvents];
