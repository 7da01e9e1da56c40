import { randomBytes } from "node:crypto";
import { open, readFile, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";

/*
 * A snapshot on disk: the letters "DBIS", format version, CRC-32 of the content, length of the content (three
 * big-endian int32), content. Version 1 is the only one so far; a file of a later version is refused, not guessed at.
 */
const magic = Buffer.from("DBIS");
const formatVersion = 1;
const headerBytes = 16;

/** What is wrong with a file that holds no snapshot. */
export class DamagedSnapshot extends Error {
  override readonly name = "DamagedSnapshot";
}

/** The content of a snapshot file; `undefined` when there is none. Rejects with `DamagedSnapshot` when it is not whole. */
export async function readSnapshot(path: string): Promise<Uint8Array | undefined> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  if (file.length < headerBytes || !file.subarray(0, 4).equals(magic)) throw new DamagedSnapshot("is no snapshot");
  const version = file.readUInt32BE(4);
  if (version !== formatVersion) {
    throw new DamagedSnapshot(`has format ${version}; this program reads format ${formatVersion}`);
  }
  const content = file.subarray(headerBytes);
  if (content.length !== file.readUInt32BE(12) || crc32(content) !== file.readUInt32BE(8)) {
    throw new DamagedSnapshot("is cut off or changed");
  }
  return content;
}

/**
 * Replaces the snapshot: the new one is written beside it, synced, then renamed over it, and the directory is synced,
 * so that a crash at any moment leaves one of the two whole (POSIX `rename` is atomic).
 */
export async function writeSnapshot(path: string, content: Uint8Array): Promise<void> {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32BE(formatVersion, 4);
  header.writeUInt32BE(crc32(content), 8);
  header.writeUInt32BE(content.length, 12);
  const beside = `${path}.${randomBytes(6).toString("hex")}${unfinishedSuffix}`;
  try {
    await written(beside, [header, content]);
    await rename(beside, path);
  } catch (error) {
    await unlink(beside).catch(() => {});
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** How files end that a crash left unfinished. */
export const unfinishedSuffix = ".unfinished";

async function written(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
