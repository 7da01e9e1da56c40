import type { AnyValue, LogsBuilder } from "@dbintel/pdata";
import { fingerprintSql } from "@dbintel/sql";
import type { LongLasting, PreparedTransaction } from "./long-lasting.ts";
import { int, name, sessionAttributes, timestamp, traceLink } from "./sample-events.ts";

/**
 * One log record for each thing that lasts too long: whose it is and how old, and what it keeps VACUUM from. A statement
 * is told with its text, a transaction with that of its last statement, both without constants.
 */
export function addLongLasting(
  logs: LogsBuilder,
  args: {
    readonly lasting: readonly LongLasting[];
    readonly clockMicros: bigint;
    readonly observedUnixNano: bigint;
  },
): void {
  const { lasting, clockMicros, observedUnixNano } = args;
  for (const { event, of, ageMicros, limitMs } of lasting) {
    const isSession = "id" in of;
    logs.record({
      timeUnixNano: clockMicros * 1000n,
      observedTimeUnixNano: observedUnixNano,
      eventName: event,
      ...(isSession ? traceLink(of) : {}),
      attributes: {
        "db.system.name": "postgresql",
        ...(isSession ? sessionAttributes(of, clockMicros) : preparedAttributes(of)),
        "db.query.fingerprint": isSession ? fingerprintSql(of.query, "postgresql") : undefined,
        "dbintel.age": Number(ageMicros) / 1e6,
        "dbintel.age.limit": limitMs / 1000,
      },
    });
  }
}

function preparedAttributes(transaction: PreparedTransaction): Record<string, AnyValue | undefined> {
  return {
    "db.namespace": name(transaction.database),
    "user.name": name(transaction.owner),
    "postgresql.backend_xid": transaction.xid,
    "postgresql.backend_xmin.age": int(transaction.xidAge),
    "postgresql.prepared_at": timestamp(transaction.preparedMicros),
  };
}
