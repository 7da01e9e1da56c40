import { integer, type Row, text } from "@dbintel/watching";

/** When what was committed on the source, by its clock, and when that arrived; microseconds since 1970. */
export interface ChannelTimes {
  /** The oldest commit that is being applied. */
  readonly applyingMicros: bigint | undefined;
  /** The commit that was applied last, and when that ended by the replica's clock. */
  readonly appliedMicros: bigint | undefined;
  readonly appliedEndMicros: bigint | undefined;
  /** When the source was heard last. */
  readonly contactMicros: bigint | undefined;
}

const micros = (column: string) => `CAST(UNIX_TIMESTAMP(${column}) * 1000000 AS UNSIGNED)`;
const commit = "TRANSACTION_IMMEDIATE_COMMIT_TIMESTAMP";
const mostWorkers = 1000;

/** What each worker applies, and has applied. MySQL 8.0 and later. */
export const workerTimesSql = `
  SELECT CHANNEL_NAME AS channel, IF(APPLYING_TRANSACTION = '', NULL, ${micros(`APPLYING_${commit}`)}) AS applying,
         ${micros(`LAST_APPLIED_${commit}`)} AS applied,
         ${micros("LAST_APPLIED_TRANSACTION_END_APPLY_TIMESTAMP")} AS ended
    FROM performance_schema.replication_applier_status_by_worker LIMIT ${mostWorkers}`;

/** When each source was heard. */
export const contactTimesSql = `
  SELECT CHANNEL_NAME AS channel, GREATEST(${micros("LAST_HEARTBEAT_TIMESTAMP")},
         ${micros("LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP")}) AS contact
    FROM performance_schema.replication_connection_status LIMIT ${mostWorkers}`;

/** By channel; the one without a name is "". */
export function channelTimes(workers: readonly Row[], contacts: readonly Row[]): ReadonlyMap<string, ChannelTimes> {
  const byChannel = Map.groupBy(workers, (row) => text(row, "channel") ?? "");
  const contactOf = new Map(contacts.map((row) => [text(row, "channel") ?? "", positive(row, "contact")]));
  const names = new Set([...byChannel.keys(), ...contactOf.keys()]);
  return new Map(
    [...names].map((name) => {
      const rows = byChannel.get(name) ?? [];
      const applying = rows.flatMap((row) => positive(row, "applying") ?? []);
      const last = rows.toSorted((a, b) => (of(a, "ended") < of(b, "ended") ? 1 : -1))[0] ?? {};
      const times: ChannelTimes = {
        applyingMicros: applying.length === 0 ? undefined : applying.reduce((a, b) => (a < b ? a : b)),
        appliedMicros: positive(last, "applied"),
        appliedEndMicros: positive(last, "ended"),
        contactMicros: contactOf.get(name),
      };
      return [name, times] as const;
    }),
  );
}

function of(row: Row, column: string): bigint {
  return integer(row, column) ?? 0n;
}

/** What did not happen yet is 0. */
function positive(row: Row, column: string): bigint | undefined {
  const value = of(row, column);
  return value > 0n ? value : undefined;
}
