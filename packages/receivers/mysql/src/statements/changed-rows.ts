import type { RememberedReading } from "./checkpoint.ts";
import { clockMayBeSet, type StatementEpoch } from "./statement-epoch.ts";
import type { StatementInterval } from "./statement-interval.ts";

/** Then all rows are read again, which shows what a clock has hidden that was set to and fro. */
const mostUpdates = 59;
/**
 * Of rows that were read before, those are read again that changed shortly before it: their counters may have grown after
 * the reading by an execution that had ended before it, MariaDB cuts off parts of a second, and clocks drift.
 */
const marginMicros = 5_000_000n;

/**
 * Since when, by the server's clock, a statement must have ended for its row to be read; `undefined` when all rows must be.
 *
 * The server writes the time of its clock into LAST_SEEN before it counts an execution, also where a session has set its
 * own time by `SET timestamp`. Rows with an older one count what they counted, as long as nobody has set the clock. The
 * uptime is told by the same clock, so only ours can show it. What is missed all the same is not lost: it is in the
 * difference that the row shows when it is read next.
 */
export function changedSince(last: RememberedReading | undefined, now: StatementEpoch): bigint | undefined {
  if (last === undefined || last.updates >= mostUpdates || !last.table.isFaithful) return undefined;
  const { epoch } = last;
  if (now.identity !== epoch.identity || now.session !== epoch.session) return undefined;
  return clockMayBeSet(epoch, now) ? undefined : epoch.clockMicros - marginMicros;
}

/**
 * Whether rows that were read alone show that the others are there as they were. A row that was first seen at another moment,
 * or has fallen, tells that the summary was emptied, or that the server has a second row of this statement. That nobody has
 * emptied it tells a known row that was first seen at a moment at which none can have come back since the reading before.
 * What the receiver asks has such rows.
 */
export function isPlausible({ reading, unread, deltas, previousMicros }: StatementInterval): boolean {
  const { table, epoch } = reading;
  const { recreated, reset_inferred: reset } = deltas.ledger;
  if (unread === undefined || !table.isFaithful || recreated + reset > 0) return false;
  for (let row = 0; row < table.count; row++) {
    const firstSeen = table.firstSeenMicros(row);
    const isOther = firstSeen < previousMicros - marginMicros || firstSeen > epoch.clockMicros + marginMicros;
    if (isOther && unread.find(table.key(row)) >= 0) return true;
  }
  return false;
}
