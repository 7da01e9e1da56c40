import type { LogEntry, LogReader } from "./log-entry.ts";
import type { LogFile, LogFiles } from "./log-files.ts";

/** How far a log has been read. */
export interface LogBookmark {
  readonly file: string;
  readonly offset: number;
  /** The last bytes before `offset`, in base64: a file of the same name that has others there is another file. */
  readonly anchor: string;
  /** When the file was written to last, as far as is known. */
  readonly modifiedMs: number;
  /** Whether `offset` is in the middle of something. */
  readonly seeking: boolean;
}

/** Why something of a log was not read. */
export type LogGap =
  /** The log grows faster than it is read. */
  | "behind"
  /** An entry is longer than what is kept of one, or is none. */
  | "unreadable"
  /** A file was removed before it had been read to its end. */
  | "removed";

/** What one poll has read. */
export interface LogReading {
  readonly entries: readonly LogEntry[];
  readonly bookmark: LogBookmark | undefined;
  readonly bytes: number;
  /** Bytes; of a file that was removed 0, as nobody knows. */
  readonly gaps: ReadonlyMap<LogGap, number>;
}

const anchorBytes = 64;
/** What is asked for at once at most; an entry that is longer is not read. */
const longestSlice = 262_144;
/** A log that is further ahead than this many polls can read is not caught up with. */
const mostPollsBehind = 16;

/**
 * Follows a log from file to file. Each poll reads no more than it may; it goes on where the last one ended, also after a
 * restart. A file that was truncated or replaced under its name begins anew.
 */
export class LogFollower {
  readonly #mostBytes: number;
  readonly #sliceBytes: number;
  /** Where the last poll ended: what is still there at the next has no more to come. */
  #ended: { readonly file: string; readonly size: number } | undefined;

  /** `mostBytes` is what one poll may read. */
  constructor(options: { readonly mostBytes: number }) {
    this.#mostBytes = options.mostBytes;
    this.#sliceBytes = Math.min(longestSlice, options.mostBytes);
  }

  /** Reads on. Without a bookmark nothing is read: what the log held before is left alone. */
  async read(args: {
    readonly files: LogFiles;
    readonly reader: LogReader;
    readonly bookmark: LogBookmark | undefined;
    readonly signal: AbortSignal;
  }): Promise<LogReading> {
    const { files, reader, signal } = args;
    const listed = await files.list(signal);
    const current = listed.at(-1);
    if (current === undefined) return { entries: [], bookmark: args.bookmark, bytes: 0, gaps: new Map() };
    const progress = new Progress(args.bookmark ?? { ...bookmarkAt(current, current.size), seeking: true });
    progress.catchUp(listed, this.#mostBytes);
    const ended = this.#ended;
    while (progress.bytes < this.#mostBytes) {
      const { bookmark } = progress;
      const index = listed.findIndex(({ name }) => name === bookmark.file);
      const file = listed[index];
      if (file === undefined) {
        progress.gap("removed", 0);
        progress.begin(successor(listed, bookmark) ?? current);
        continue;
      }
      if (file.size < bookmark.offset) {
        progress.begin(file);
        continue;
      }
      const next = listed[index + 1];
      const quiet = ended?.file === file.name && ended.size === file.size;
      const step = await this.#step({ files, file, reader, progress, quiet, rotated: next !== undefined, signal });
      if (step === "replaced") progress.begin(file);
      if (step === "replaced" || step === "on") continue;
      if (step === "removed") progress.gap("removed", 0);
      if (step === "full" || next === undefined) break;
      progress.begin(next);
    }
    this.#ended = { file: current.name, size: current.size };
    return progress;
  }

  /** Reads one slice. */
  async #step(args: {
    readonly files: LogFiles;
    readonly file: LogFile;
    readonly reader: LogReader;
    readonly progress: Progress;
    /** Nothing has come since the last poll. */
    readonly quiet: boolean;
    /** Nothing will come: another file is written to. */
    readonly rotated: boolean;
    readonly signal: AbortSignal;
  }): Promise<"on" | "end" | "full" | "replaced" | "removed"> {
    const { files, file, reader, progress, quiet, rotated, signal } = args;
    const { offset, seeking } = progress.bookmark;
    const anchor = Buffer.from(progress.bookmark.anchor, "base64");
    const length = Math.min(this.#sliceBytes, this.#mostBytes - progress.bytes);
    const slice = await files.read(file.name, offset - anchor.length, anchor.length + length, signal);
    if (slice === undefined) return "removed";
    if (!slice.subarray(0, anchor.length).equals(anchor)) return "replaced";
    const bytes = slice.subarray(anchor.length);
    const atEnd = bytes.length < length;
    const piece = reader.read(bytes, { final: atEnd && (quiet || rotated), seeking });
    // Nothing but the begin of one entry, and as long as a slice may be.
    const tooLong = piece.consumed === 0 && bytes.length >= this.#sliceBytes;
    const left = tooLong || (atEnd && rotated) ? bytes.length - piece.consumed : 0;
    progress.advance({
      file,
      slice: slice.subarray(0, anchor.length + piece.consumed + left),
      from: anchor.length,
      seeking: piece.seeking || tooLong,
      entries: piece.entries,
    });
    if (piece.skipped + left > 0) progress.gap("unreadable", piece.skipped + left);
    if (atEnd) return "end";
    // What may still be read holds no whole entry: the next poll may read more of it.
    return piece.consumed + left === 0 ? "full" : "on";
  }
}

/** What one poll has read so far. */
class Progress implements LogReading {
  bookmark: LogBookmark;
  bytes = 0;
  readonly entries: LogEntry[] = [];
  readonly gaps = new Map<LogGap, number>();

  constructor(bookmark: LogBookmark) {
    this.bookmark = bookmark;
  }

  begin(file: LogFile): void {
    this.bookmark = bookmarkAt(file, 0);
  }

  /** Leaves out what polls could not make up for, and begins near the end. */
  catchUp(listed: readonly LogFile[], mostBytes: number): void {
    const { file, offset } = this.bookmark;
    const from = listed.findIndex(({ name }) => name === file);
    const ahead = listed.slice(Math.max(0, from)).reduce((sum, { size }) => sum + size, 0) - (from < 0 ? 0 : offset);
    const current = listed.at(-1);
    if (current === undefined || ahead <= mostPollsBehind * mostBytes) return;
    const start = Math.max(0, current.size - mostBytes);
    this.gap("behind", ahead - (current.size - start));
    this.bookmark = { ...bookmarkAt(current, start), seeking: start > 0 };
  }

  gap(reason: LogGap, bytes: number): void {
    this.gaps.set(reason, (this.gaps.get(reason) ?? 0) + bytes);
  }

  /** `slice` ends with what is done with; what was new in it begins at `from`. */
  advance(args: {
    readonly file: LogFile;
    readonly slice: Buffer;
    readonly from: number;
    readonly seeking: boolean;
    readonly entries: readonly LogEntry[];
  }): void {
    const { file, slice, from, seeking, entries } = args;
    const read = slice.length - from;
    this.bytes += read;
    for (const entry of entries) this.entries.push(entry);
    this.bookmark = {
      file: file.name,
      offset: this.bookmark.offset + read,
      anchor: slice.subarray(-anchorBytes).toString("base64"),
      modifiedMs: file.modifiedMs,
      seeking,
    };
  }
}

function bookmarkAt({ name, modifiedMs }: LogFile, offset: number): LogBookmark {
  return { file: name, offset, anchor: "", modifiedMs, seeking: false };
}

/** The first file that was written to after the one that is gone. */
function successor(listed: readonly LogFile[], { modifiedMs }: LogBookmark): LogFile | undefined {
  return listed.find((file) => file.modifiedMs > modifiedMs);
}
