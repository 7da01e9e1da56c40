import { open, rename } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { RefusedError } from "@dbintel/errors";
import type { Clock, Journal, Logger, OpenedJournal, Random } from "@dbintel/pipeline";
import { SegmentCipher } from "./cipher.ts";
import { removeFile, syncFolder, writeAll } from "./files.ts";
import { JournalFolder } from "./folder.ts";
import { encodeSegmentHead, headBytes, seedOf } from "./format.ts";
import { Keys } from "./keys.ts";
import { recover, storageFailure } from "./recovery.ts";
import { type Content, Segment, type StoredRecord } from "./segment.ts";

/** A segment that has reached this size is sealed: what is finished gives its space back in pieces of this size. */
const defaultSegmentBytes = 16 * 2 ** 20;
/** How much is written before one sync: more would keep the first of a group waiting for the last. */
const groupBytes = 8 * 2 ** 20;
/** What a refused caller is told to wait: who frees space on a full disk takes longer than this. */
const refusedDelayMs = 5000;

export interface SegmentJournalArgs {
  /** The folder, which this journal alone uses. Its parent must be there; it is made when there is something to keep. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Of 32 bytes. The first encrypts, all of them decrypt. Default: nothing is encrypted. */
  readonly keys?: readonly Uint8Array[];
  /** Default 16 MiB. */
  readonly segmentBytes?: number;
  /** Called once, when the folder is free for the next one. */
  readonly onClosed?: () => void;
}

interface Waiting extends Content {
  resolve(record: StoredRecord): void;
  reject(error: RefusedError): void;
}

/** Opens a journal and finds what an earlier run left. Rejects with `DBI_STORAGE` when the folder cannot be read. */
export async function openJournal(args: SegmentJournalArgs): Promise<OpenedJournal> {
  const folder = new JournalFolder(args.folder);
  const keys = new Keys(args.keys ?? []);
  const recovered = await recover({ folder, keys, logger: args.logger });
  const journal = new SegmentJournal(args, { folder, keys, ...recovered });
  return { journal, found: recovered.records, losses: recovered.losses };
}

/**
 * Appends records to segments. All that come while a sync is under way share the next one (group commit), so that the
 * cost of a sync is divided by the load.
 */
class SegmentJournal implements Journal {
  readonly #args: SegmentJournalArgs;
  readonly #folder: JournalFolder;
  readonly #keys: Keys;
  readonly #segments: Set<Segment>;
  #active: Segment | undefined;
  #nextNumber: number;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  /** Renames and removals, one after the other. */
  #housekeeping: Promise<void>;
  #closing: Promise<void> | undefined;
  #marksFailing = false;

  constructor(
    args: SegmentJournalArgs,
    found: {
      readonly folder: JournalFolder;
      readonly keys: Keys;
      readonly segments: readonly Segment[];
      readonly nextNumber: number;
    },
  ) {
    this.#args = args;
    this.#folder = found.folder;
    this.#keys = found.keys;
    this.#segments = new Set(found.segments);
    this.#nextNumber = found.nextNumber;
    this.#housekeeping = Promise.resolve();
    for (const segment of found.segments) if (segment.live === 0) this.#release(segment);
  }

  get diskBytes(): number {
    let sum = 0;
    for (const { fileBytes } of this.#segments) sum += fileBytes;
    return sum;
  }

  append(content: Uint8Array, items: number): Promise<StoredRecord> {
    if (this.#closing !== undefined) return Promise.reject(refused("the queue on disk is closed"));
    const storedUnixMs = Number(this.#args.clock.unixNano() / 1_000_000n);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ content, items, storedUnixMs, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async read(record: StoredRecord): Promise<Uint8Array> {
    try {
      return await record.segment.read(record);
    } catch (error) {
      record.segment.damaged = true;
      throw storageFailure("a record of the queue cannot be read", error);
    }
  }

  begin(record: StoredRecord): Promise<void> {
    return this.#mark(record.segment.begin(record));
  }

  finish(record: StoredRecord): void {
    const { segment } = record;
    if (!segment.finish(record)) return;
    // The mark of the last record of a segment is not worth a write: the segment goes.
    if (segment.live === 0 && segment.sealed) this.#release(segment);
    else void this.#mark(segment.markFinished(record));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#flushing;
    const active = this.#active;
    this.#active = undefined;
    if (active !== undefined) await this.#seal(active);
    await this.#housekeeping;
    await Promise.all([...this.#segments].map((segment) => segment.close()));
    this.#args.onClosed?.();
  }

  async #flush(): Promise<void> {
    // A turn of the event loop first: all requests that are there to be read in it share the sync.
    await setImmediate();
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        const active = await this.#writable();
        const records = await active.append(group);
        for (const [index, record] of records.entries()) group[index]?.resolve(record);
        if (active.end >= (this.#args.segmentBytes ?? defaultSegmentBytes)) {
          this.#active = undefined;
          await this.#seal(active);
        }
      } catch (error) {
        await this.#abandon();
        const failure = refused("the queue cannot be written to disk", error);
        for (const waiting of group) waiting.reject(failure);
      }
    }
    this.#flushing = undefined;
  }

  #nextGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { content } of this.#waiting) {
      if (count > 0 && bytes + content.length > groupBytes) break;
      bytes += content.length;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #writable(): Promise<Segment> {
    if (this.#active !== undefined) return this.#active;
    await this.#folder.make();
    await this.#housekeeping;
    const number = this.#nextNumber++;
    const head = this.#newHead(number);
    const spare = await this.#folder.takeSpare();
    const path = this.#folder.file(number, "segment");
    const marksPath = this.#folder.file(number, "marks");
    const fileBytes = spare === undefined ? await created(path, head) : await reused(this.#spare(spare), path, head);
    await removeFile(marksPath);
    await syncFolder(this.#folder.path);
    const cipher = this.#keys.current && new SegmentCipher(this.#keys.current.key, head.subarray(24, 40));
    const place = { number, path, marksPath, fileBytes };
    const segment = new Segment({ ...place, seed: seedOf(head), cipher, end: headBytes, marksSize: 0 });
    this.#segments.add(segment);
    this.#active = segment;
    return segment;
  }

  #spare(number: number): string {
    return this.#folder.file(number, "spare");
  }

  #newHead(number: number): Buffer {
    return encodeSegmentHead({ number, salt: this.#args.random.bytes(16), keyId: this.#keys.current?.id });
  }

  async #seal(segment: Segment): Promise<void> {
    await this.#mark(segment.seal());
    if (segment.live === 0) this.#release(segment);
  }

  /** After a write or a sync that failed nobody knows what the file holds: nothing more is written to it. */
  async #abandon(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    this.#active = undefined;
    active.sealed = true;
    await this.#mark(active.abandon());
    if (active.live === 0) this.#release(active);
  }

  #release(segment: Segment): void {
    if (!this.#segments.delete(segment)) return;
    this.#housekeeping = this.#housekeeping.then(async () => {
      try {
        await segment.discard();
        if (!segment.damaged) return await this.#folder.retire(segment.number);
        const file = await this.#folder.quarantine(segment.number);
        this.#args.logger.warn(
          { file },
          "a damaged part of the queue is put aside: all that could be read of it is sent",
        );
      } catch (error) {
        this.#args.logger.warn({ error, file: segment.path }, "a finished part of the queue cannot be removed");
      }
    });
  }

  /** Without its mark a record is sent again after a restart: a nuisance, and no reason to stop. */
  async #mark(writing: Promise<void>): Promise<void> {
    try {
      await writing;
      this.#marksFailing = false;
    } catch (error) {
      if (this.#marksFailing) return;
      this.#marksFailing = true;
      const message = "what was sent cannot be noted on disk; after a restart it may be sent again";
      this.#args.logger.warn({ error, folder: this.#folder.path }, message);
    }
  }
}

async function created(path: string, head: Buffer): Promise<number> {
  const file = await open(path, "wx", 0o600);
  try {
    await writeAll(file, [head], 0);
    return head.length;
  } catch (error) {
    await removeFile(path);
    throw error;
  } finally {
    await file.close();
  }
}

/** The head comes first: under the new name the file never says that it is the old one. */
async function reused(spare: string, path: string, head: Buffer): Promise<number> {
  const file = await open(spare, "r+");
  try {
    await writeAll(file, [head], 0);
    await file.datasync();
    const { size } = await file.stat();
    await rename(spare, path);
    return size;
  } finally {
    await file.close();
  }
}

function refused(message: string, cause?: unknown): RefusedError {
  const { message: reason, hint } = storageFailure(message, cause ?? "no more records are taken");
  const more = hint === undefined ? {} : { hint };
  return new RefusedError(reason, { code: "DBI_STORAGE", delayMs: refusedDelayMs, cause, ...more });
}
