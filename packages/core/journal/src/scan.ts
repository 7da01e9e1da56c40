import type { JournalLosses } from "@dbintel/pipeline";
import { decodeRecordHead, headBytes, isWhole, type RecordHead, recordHeadBytes, recordMagic } from "./format.ts";
import type { Marks } from "./marks.ts";

/** A record that was found whole. */
export interface FoundRecord extends RecordHead {
  readonly position: number;
}

/** A record whose head can be read and whose content is not what was written. */
export interface BrokenRecord {
  readonly index: number;
  readonly items: number;
}

export interface Scan {
  readonly records: readonly FoundRecord[];
  readonly broken: readonly BrokenRecord[];
  /** One more than the largest index that was seen. */
  readonly next: number;
  /** Where the bytes end that belong to the segment. */
  readonly end: number;
}

/**
 * Finds the records of a segment in the bytes of its file.
 *
 * What does not verify is stepped over: the search goes on at the next bytes that begin like a record, and takes them
 * for one only when the checksum of this very segment agrees. So a damaged record costs itself, and what a file that
 * is used again holds from before never comes back.
 */
export function scanSegment(bytes: Buffer, seed: number): Scan {
  const records: FoundRecord[] = [];
  const broken: BrokenRecord[] = [];
  let next = 0;
  let end = headBytes;
  for (let at = headBytes; at >= 0 && at < bytes.length; ) {
    const head = decodeRecordHead(bytes, at, seed);
    if (head === undefined || head.index < next) {
      at = bytes.indexOf(recordMagic, at + 1);
      continue;
    }
    next = head.index + 1;
    const after = at + recordHeadBytes + head.length;
    if (after <= bytes.length && isWhole(bytes.subarray(at, after))) {
      records.push({ ...head, position: at });
      at = after;
    } else {
      broken.push({ index: head.index, items: head.items });
      // Not at `after`: where a write was cut short, something else may follow at once.
      at = bytes.indexOf(recordMagic, at + 1);
    }
    end = Math.min(after, bytes.length);
  }
  return { records, broken, next, end };
}

/**
 * What should be there and is not. A segment that was never sealed may end with a record that was being written when
 * the process ended: nobody was told that it is kept, so that it is no loss.
 */
export function missingRecords(
  { records, broken, next }: Scan,
  marks: Marks,
): {
  readonly lost: JournalLosses;
  readonly torn: boolean;
} {
  const last = broken.at(-1);
  const torn = marks.sealedAt === undefined && last !== undefined && last.index === next - 1;
  const expected = marks.sealedAt ?? (torn ? next - 1 : next);
  const counted = broken.filter(({ index }) => index < expected && !marks.finished.has(index));
  const seen = new Set([...records.map(({ index }) => index), ...broken.map(({ index }) => index)]);
  let unseen = 0;
  for (let index = 0; index < expected; index++) if (!seen.has(index) && !marks.finished.has(index)) unseen++;
  const items = counted.reduce((sum, { items: each }) => sum + each, 0);
  return { lost: { records: counted.length + unseen, items }, torn };
}
