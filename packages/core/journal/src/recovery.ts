import { readFile, stat } from "node:fs/promises";
import { DbintelError } from "@dbintel/errors";
import type { JournalLosses, Logger } from "@dbintel/pipeline";
import { SegmentCipher, tagBytes } from "./cipher.ts";
import { isMissing, removeFile } from "./files.ts";
import type { JournalFolder } from "./folder.ts";
import { decodeSegmentHead, headBytes, type SegmentHead, seedOf } from "./format.ts";
import type { Keys } from "./keys.ts";
import { readMarks } from "./marks.ts";
import { missingRecords, scanSegment } from "./scan.ts";
import { Segment, type StoredRecord } from "./segment.ts";

export interface RecoveryArgs {
  readonly folder: JournalFolder;
  readonly keys: Keys;
  readonly logger: Logger;
}

export interface Recovered {
  readonly segments: readonly Segment[];
  /** Not finished, oldest first. */
  readonly records: readonly StoredRecord[];
  readonly losses: JournalLosses;
  /** Larger than that of every file in the folder. */
  readonly nextNumber: number;
}

/** Reads what an earlier run left in the folder. Damage is logged, and costs what cannot be read and nothing else. */
export async function recover({ folder, keys, logger }: RecoveryArgs): Promise<Recovered> {
  await folder.clean();
  await takeUpNewer(folder);
  const numbers = await folder.numbers("segment");
  const segments: Segment[] = [];
  const records: StoredRecord[] = [];
  const losses = { records: 0, items: 0 };
  for (const number of numbers) {
    const path = folder.file(number, "segment");
    const bytes = await readFile(path);
    const decoded = decodeSegmentHead(bytes);
    if (decoded.kind === "newer") {
      await folder.move(number, "segment", "newer");
      const fields = { file: folder.file(number, "newer"), format: decoded.version };
      logger.error(fields, "a part of the queue was written by a newer program; it waits for one and is not sent");
      continue;
    }
    if (isBlank(bytes) && (await sizeOf(folder.file(number, "marks"))) === 0) {
      await removeFile(path);
      continue;
    }
    if (decoded.kind === "damaged" || decoded.head.number !== number) {
      const file = await folder.quarantine(number);
      logger.error({ file, bytes: bytes.length }, "a part of the queue is unreadable and is put aside");
      losses.records++;
      continue;
    }
    const found = await recoverSegment({ folder, number, bytes, head: decoded.head, keys });
    const { segment, lost, torn } = found;
    segments.push(segment);
    for (const record of found.records) records.push(record);
    if (torn) logger.info({ file: path }, "the queue ends in the middle of a record, as after a crash");
    if (lost.records === 0) continue;
    losses.records += lost.records;
    losses.items += lost.items;
    logger.error({ file: path, ...lost }, "a part of the queue is damaged: what can be read of it is sent");
    await segment.lossesTold(found.lostBefore + lost.records);
  }
  const others = await Promise.all([folder.numbers("damaged"), folder.numbers("newer")]);
  return { segments, records, losses, nextNumber: Math.max(0, ...numbers, ...others.flat()) + 1 };
}

interface RecoveredSegment {
  readonly segment: Segment;
  readonly records: readonly StoredRecord[];
  /** What is missing and has not been told by an earlier run. */
  readonly lost: JournalLosses;
  readonly lostBefore: number;
  readonly torn: boolean;
}

async function recoverSegment(args: {
  readonly folder: JournalFolder;
  readonly number: number;
  readonly bytes: Buffer;
  readonly head: SegmentHead;
  readonly keys: Keys;
}): Promise<RecoveredSegment> {
  const { folder, number, bytes, head, keys } = args;
  const [path, marksPath] = [folder.file(number, "segment"), folder.file(number, "marks")];
  const seed = seedOf(bytes);
  const cipher = head.keyId === undefined ? undefined : new SegmentCipher(keys.find(head.keyId, path), head.salt);
  const scan = scanSegment(bytes, seed);
  const marks = await readMarks(marksPath, seed);
  const marksSize = await sizeOf(marksPath);
  const fileBytes = bytes.length;
  const segment = new Segment({ number, path, marksPath, seed, cipher, end: scan.end, marksSize, fileBytes });
  const overhead = cipher === undefined ? 0 : tagBytes;
  const records = scan.records
    .filter(({ index }) => !marks.finished.has(index))
    .map(({ index, position, length, items, storedUnixMs }): StoredRecord => {
      const uncertain = marks.begun.has(index);
      return { segment, index, position, length, bytes: length - overhead, items, storedUnixMs, uncertain };
    });
  segment.live = records.length;
  segment.sealed = true;
  const missing = missingRecords(scan, marks);
  segment.damaged = missing.lost.records > 0;
  const untold = Math.max(0, missing.lost.records - marks.lossesTold);
  const lost = { records: untold, items: untold === 0 ? 0 : missing.lost.items };
  return { segment, records, lost, lostBefore: marks.lossesTold, torn: missing.torn };
}

/** Segments that a newer program had to leave alone once are looked at again. */
async function takeUpNewer(folder: JournalFolder): Promise<void> {
  for (const number of await folder.numbers("newer")) await folder.move(number, "newer", "segment");
}

/** A crash between the making of a file and its first record leaves one without a head: nothing was in it. */
function isBlank(bytes: Buffer): boolean {
  return bytes.subarray(0, headBytes).every((byte) => byte === 0);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

/** What a failure of the disk means for whoever needs the journal. */
export function storageFailure(what: string, cause: unknown): DbintelError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DbintelError(`${what}: ${reason}`, {
    code: "DBI_STORAGE",
    cause,
    hint: "look for free space, permissions and the health of the disk",
  });
}
