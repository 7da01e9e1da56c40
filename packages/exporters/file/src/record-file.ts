import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { DbintelError } from "@dbintel/errors";

/**
 * O_NOFOLLOW: a symbolic link in a directory that others can write to would send the data to a file of their choice.
 * O_NONBLOCK: opening a named pipe that nobody reads fails instead of blocking a thread; regular files ignore it.
 */
const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file that only ever ends with whole records: a write that fails half way is taken back. */
export class RecordFile {
  readonly handle: FileHandle;
  /** Bytes of whole records. */
  #size: number;
  /** Whether bytes of a failed write may follow the whole records. */
  #torn = false;

  private constructor(handle: FileHandle, size: number) {
    this.handle = handle;
    this.#size = size;
  }

  /** Opens or creates a regular file of mode 0600. */
  static async open(path: string): Promise<RecordFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, flags, 0o600);
      const stats = await handle.stat();
      if (!stats.isFile()) throw new DbintelError(`${path} is not a regular file`, { code: "DBI_FILE" });
      return new RecordFile(handle, stats.size);
    } catch (error) {
      await handle?.close();
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  async clear(): Promise<void> {
    await this.handle.truncate(0);
    this.#size = 0;
  }

  /** Appends all of the bytes or none. Resolves when the operating system has them; no disk is asked to flush. */
  async append(bytes: Uint8Array): Promise<void> {
    await this.takeBack();
    this.#torn = true;
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.handle.write(bytes, at, bytes.length - at);
        at += bytesWritten;
      }
    } catch (error) {
      // Taken back here or, when that fails too, before the next write.
      await this.takeBack().catch(() => {});
      throw error;
    }
    this.#torn = false;
    this.#size += bytes.length;
  }

  /** Removes what a failed write may have left. */
  async takeBack(): Promise<void> {
    if (!this.#torn) return;
    await this.handle.truncate(this.#size);
    this.#torn = false;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

const hints: Readonly<Record<string, string>> = {
  EACCES: "the collector's user may not write there: check owner and mode of the directory and the file",
  EISDIR: "`path` names a directory: give it a file name",
  ELOOP: "`path` is a symbolic link, which is never followed: name the file itself",
  ENOENT: "the directory does not exist: create it, or set create_directory: true",
  ENOSPC: "the disk is full: free space, or keep fewer backups",
  ENXIO: "`path` is a named pipe or a socket: name a regular file",
  EROFS: "the file system is read-only",
};

/** What went wrong with a file and what to do about it. */
export function fileError(message: string, cause: unknown): DbintelError {
  if (cause instanceof DbintelError) return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const hint = hints[code];
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DbintelError(`${message}: ${reason}`, {
    code: "DBI_FILE",
    retryable: true,
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}
