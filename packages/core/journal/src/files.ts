import { constants, type FileHandle, open, unlink } from "node:fs/promises";

/** Makes the names in a folder survive a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes a file that may be gone already. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** Writes all of it: a disk that fills up takes the first part of a write without an error. */
export async function writeAll(file: FileHandle, parts: readonly Uint8Array[], position: number): Promise<void> {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  let { bytesWritten: written } = await file.writev(parts, position);
  if (written === total) return;
  const bytes = Buffer.concat(parts);
  while (written < total) {
    const more = await file.write(bytes, written, total - written, position + written);
    if (more.bytesWritten === 0) throw new Error(`only ${written} of ${total} bytes were written`);
    written += more.bytesWritten;
  }
}

/**
 * Linux waits at each write to a file that was opened so until the data is on disk: one call instead of a write and an
 * fdatasync, which is what it does (open(2), O_DSYNC). Elsewhere only fdatasync empties the cache of the disk too.
 */
const synced = process.platform === "linux" ? constants.O_DSYNC : 0;

/** Opens a file for `writeSynced`. */
export function openSynced(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDWR | synced);
}

/** Writes all of it, and waits until it is on disk. */
export async function writeSynced(file: FileHandle, parts: readonly Uint8Array[], position: number): Promise<void> {
  await writeAll(file, parts, position);
  if (synced === 0) await file.datasync();
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
