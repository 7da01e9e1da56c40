import { type FileHandle, open } from "node:fs/promises";
import type { JournalRecord } from "@dbintel/pipeline";
import { type SegmentCipher, tagBytes } from "./cipher.ts";
import { openSynced, writeSynced } from "./files.ts";
import {
  authenticated,
  beginRecordHead,
  decodeRecordHead,
  isWhole,
  recordHeadBytes,
  sealRecordHead,
} from "./format.ts";
import { MarkWriter, markKinds } from "./marks.ts";

/** What is to be appended. */
export interface Content {
  readonly content: Uint8Array;
  readonly items: number;
  readonly storedUnixMs: number;
}

/** A record and where it is. */
export interface StoredRecord extends JournalRecord {
  readonly segment: Segment;
  readonly index: number;
  readonly position: number;
  /** Length of what is stored, without its head. */
  readonly length: number;
}

export interface SegmentArgs {
  readonly number: number;
  readonly path: string;
  readonly marksPath: string;
  readonly seed: number;
  readonly cipher: SegmentCipher | undefined;
  /** Where the next record goes. */
  readonly end: number;
  readonly marksSize: number;
  readonly fileBytes: number;
}

/** One file of records. It is appended to until it is sealed, and read until its last record is finished. */
export class Segment {
  readonly number: number;
  readonly path: string;
  readonly marksPath: string;
  /** Of the file; a file that is used again is larger than what was written to it. */
  fileBytes: number;
  /** Records that are not finished. */
  live = 0;
  /** Takes no more records. */
  sealed = false;
  /** Holds something unreadable: it is kept for people to look at when its last record is finished. */
  damaged = false;
  readonly #seed: number;
  readonly #cipher: SegmentCipher | undefined;
  readonly #marks: MarkWriter;
  readonly #finished = new Set<number>();
  /** To write. */
  #file: FileHandle | undefined;
  #end: number;
  #records = 0;

  constructor(args: SegmentArgs) {
    this.number = args.number;
    this.path = args.path;
    this.marksPath = args.marksPath;
    this.fileBytes = args.fileBytes;
    this.#seed = args.seed;
    this.#cipher = args.cipher;
    this.#end = args.end;
    this.#marks = new MarkWriter(args.marksPath, args.seed, args.marksSize);
  }

  /** Where the next record goes. */
  get end(): number {
    return this.#end;
  }

  /** Writes the records and waits until they are on disk, all of them with one sync. */
  async append(contents: readonly Content[]): Promise<StoredRecord[]> {
    const parts: Uint8Array[] = [];
    const records: StoredRecord[] = [];
    let position = this.#end;
    for (const { content, items, storedUnixMs } of contents) {
      const index = this.#records + records.length;
      const length = content.length + (this.#cipher === undefined ? 0 : tagBytes);
      const head = beginRecordHead({ length, index, items, storedUnixMs });
      const stored = this.#cipher?.seal(content, index, authenticated(head)) ?? [content];
      sealRecordHead(head, stored, this.#seed);
      parts.push(head, ...stored);
      const place = { segment: this, index, position, length };
      records.push({ ...place, bytes: content.length, items, storedUnixMs, uncertain: false });
      position += recordHeadBytes + length;
    }
    const file = await this.#opened();
    await writeSynced(file, parts, this.#end);
    this.#end = position;
    this.fileBytes = Math.max(this.fileBytes, position);
    this.#records += records.length;
    this.live += records.length;
    return records;
  }

  /** The content of a record. Throws when it is not what was written. */
  async read({ position, length, index }: StoredRecord): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(recordHeadBytes + length);
    const bytesRead = await readAt(this.path, bytes, position);
    const head = decodeRecordHead(bytes, 0, this.#seed);
    if (bytesRead < bytes.length || head?.index !== index || !isWhole(bytes)) {
      throw new Error(`record ${index} at ${position} of ${this.path} is not what was written`);
    }
    const stored = bytes.subarray(recordHeadBytes);
    return this.#cipher?.open(stored, index, authenticated(bytes)) ?? stored;
  }

  begin({ index }: StoredRecord): Promise<void> {
    return this.#marks.write(markKinds.begun, index);
  }

  /** True for the first time that a record is finished. */
  finish({ index }: StoredRecord): boolean {
    if (this.#finished.has(index)) return false;
    this.#finished.add(index);
    this.live--;
    return true;
  }

  markFinished({ index }: StoredRecord): Promise<void> {
    return this.#marks.write(markKinds.finished, index);
  }

  lossesTold(records: number): Promise<void> {
    return this.#marks.write(markKinds.lossesTold, records);
  }

  /**
   * Ends the writing. The number of its records is kept beside it, so that a file that is cut off later is known for
   * what it is.
   */
  async seal(): Promise<void> {
    this.sealed = true;
    try {
      await this.#marks.write(markKinds.sealed, this.#records);
      await this.#marks.sync();
    } finally {
      await this.close();
    }
  }

  /** Gives up writing after a write that failed: what it left behind the last whole record is cut off. */
  async abandon(): Promise<void> {
    const file = await this.#opened();
    await file.truncate(this.#end);
    this.fileBytes = this.#end;
    await this.seal();
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await Promise.all([this.#marks.close(), file?.close()]);
  }

  /** For a segment that is about to be removed: what became of its records is of no interest any more. */
  async discard(): Promise<void> {
    await this.#marks.discard();
    await this.close();
  }

  async #opened(): Promise<FileHandle> {
    this.#file ??= await openSynced(this.path);
    return this.#file;
  }
}

/**
 * Reads with a handle of its own: of a queue with many segments only those stay open that are written to, and nobody
 * closes a file under a reader.
 */
async function readAt(path: string, into: Buffer, position: number): Promise<number> {
  const file = await open(path, "r");
  try {
    return (await file.read(into, 0, into.length, position)).bytesRead;
  } finally {
    await file.close();
  }
}
