import { constants, type FileHandle, open, readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { isMissing } from "./files.ts";

/*
 * What became of a segment's records, in a file beside it: entries of 12 bytes, appended. u32 number, u32 kind, u32
 * CRC-32 of both, begun with the seed of the segment. An entry that does not verify is passed over: at worst a record
 * is sent again.
 */
const markBytes = 12;

export const markKinds = {
  /** The record with this index was given to a sender. */
  begun: 1,
  /** The record with this index has a final fate. */
  finished: 2,
  /** The segment is complete and has this many records. */
  sealed: 3,
  /** So many records of the segment could not be read, and that has been told and counted. */
  lossesTold: 4,
} as const;
type MarkKind = (typeof markKinds)[keyof typeof markKinds];

export interface Marks {
  readonly begun: ReadonlySet<number>;
  readonly finished: ReadonlySet<number>;
  readonly sealedAt: number | undefined;
  readonly lossesTold: number;
}

export async function readMarks(path: string, seed: number): Promise<Marks> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  });
  const begun = new Set<number>();
  const finished = new Set<number>();
  let sealedAt: number | undefined;
  let lossesTold = 0;
  for (let at = 0; at + markBytes <= bytes.length; at += markBytes) {
    if (crc32(bytes.subarray(at, at + 8), seed) !== bytes.readUInt32LE(at + 8)) continue;
    const number = bytes.readUInt32LE(at);
    const kind = bytes.readUInt32LE(at + 4);
    if (kind === markKinds.begun) begun.add(number);
    else if (kind === markKinds.finished) finished.add(number);
    else if (kind === markKinds.sealed) sealedAt = number;
    else if (kind === markKinds.lossesTold) lossesTold = number;
  }
  return { begun, finished, sealedAt, lossesTold };
}

/**
 * Appends marks: those that come in one turn, or while a write is under way, in one write. They survive a crash of the process once
 * written; only `sync` makes them survive a loss of power.
 */
export class MarkWriter {
  readonly #path: string;
  readonly #seed: number;
  #file: FileHandle | undefined;
  #position: number;
  #waiting: Buffer[] = [];
  /** The write of all that waits, which begins behind the last one. */
  #next: Promise<void> | undefined;
  /** Resolves when the write under way has ended, for good or ill. */
  #last: Promise<void> = Promise.resolve();
  #discarded = false;

  /** `size` is how much of the file is there already. */
  constructor(path: string, seed: number, size: number) {
    this.#path = path;
    this.#seed = seed;
    // Behind a torn entry the next one begins on its own multiple.
    this.#position = Math.ceil(size / markBytes) * markBytes;
  }

  /** Resolves when the mark is written. Rejects when it cannot be; the next one is tried anew. */
  write(kind: MarkKind, number: number): Promise<void> {
    if (this.#discarded) return Promise.resolve();
    const mark = Buffer.alloc(markBytes);
    mark.writeUInt32LE(number);
    mark.writeUInt32LE(kind, 4);
    mark.writeUInt32LE(crc32(mark.subarray(0, 8), this.#seed), 8);
    this.#waiting.push(mark);
    this.#next ??= this.#last.then(() => this.#flush());
    return this.#next;
  }

  /** Everything that was to be written is on disk, as far as the disk took it. */
  async sync(): Promise<void> {
    await this.#drain();
    await this.#file?.datasync();
  }

  /** Closes the file when all is written. What comes later opens it again. */
  async close(): Promise<void> {
    await this.#drain();
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** Closes the file for good, without what is still to be written: it is about to be removed. */
  async discard(): Promise<void> {
    this.#discarded = true;
    this.#waiting = [];
    await this.close();
  }

  async #drain(): Promise<void> {
    while (this.#next !== undefined) await this.#next.catch(() => {});
    await this.#last;
  }

  #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#next = undefined;
    if (bytes.length === 0) return Promise.resolve();
    const writing = this.#append(bytes);
    this.#last = writing.catch(() => {});
    return writing;
  }

  async #append(bytes: Buffer): Promise<void> {
    this.#file ??= await open(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const { bytesWritten } = await this.#file.write(bytes, 0, bytes.length, this.#position);
    // What was cut short is written over by the next ones.
    if (bytesWritten < bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
    this.#position += bytesWritten;
  }
}
