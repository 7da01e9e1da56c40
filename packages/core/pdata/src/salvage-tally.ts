import { type MessageType, role } from "./message-type.ts";
import { metricType } from "./otlp-messages.ts";
import { PdataError } from "./pdata-error.ts";

/** Each error takes tens of microseconds to make: whoever gets more items of one request wrong than this gets all back. */
const maxRejected = 1000;

/** The first item that was left out. */
export interface FirstFault {
  readonly reason: PdataError;
  /** The number of the record, span or metric in its request, from 1. */
  readonly position: number;
}

/** How far the tally was when a message began. */
export interface TallyMark {
  readonly kept: number;
  readonly rejected: number;
}

/** Counts what is kept and what is left out of a request while it is salvaged. */
export class SalvageTally {
  /** Records, spans or data points that are kept. */
  kept = 0;
  /** Records, spans or data points that are left out; a metric that is malformed itself counts as one. */
  rejected = 0;
  first: FirstFault | undefined;
  #position = 0;

  /** A message with a role begins. */
  enter(type: MessageType): TallyMark {
    if (type.role === role.item) this.#position++;
    return { kept: this.kept, rejected: this.rejected };
  }

  /** Whether a message that was read is to stay: all but those of which nothing is left. */
  keeps(type: MessageType, before: TallyMark): boolean {
    if (isLeaf(type)) this.kept++;
    return this.kept > before.kept || this.rejected === before.rejected;
  }

  /** Whether a message that could not be read is left out: an item, as long as there are not too many. */
  rejects(type: MessageType, reason: unknown, before: TallyMark): boolean {
    if (!(reason instanceof PdataError) || (type.role !== role.item && type.role !== role.point)) return false;
    this.first ??= { reason, position: this.#position };
    if (this.rejected === maxRejected) return false;
    this.kept = before.kept;
    this.rejected = before.rejected + 1;
    return true;
  }
}

/** Whether items are counted by this message: records and spans, and points rather than metrics. */
export function isLeaf(type: MessageType): boolean {
  return type.role === role.point || (type.role === role.item && type !== metricType);
}
