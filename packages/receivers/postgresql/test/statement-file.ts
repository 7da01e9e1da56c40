import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PostgresServer } from "@dbintel/e2e/servers";

/*
 * What pg_stat_statements keeps over a restart (pg_stat_statements.c, pgss_shmem_shutdown), in the byte order of the
 * machine:
 *   uint32 header · uint32 major version · int32 number of entries
 *   for each: the entry as it is in memory (the query id in bytes 8 to 15, somewhere the length of its text) · the text · 0
 *   counters of the whole: two 64-bit integers
 */
const headerBytes = 12;
const globalBytes = 16;
const queryIdAt = 8;
const onlyText = "SELECT pg_stat_statements_reset()";
const chunkBytes = 4 * 2 ** 20;
const longestEntryBytes = 1000;

/**
 * Has a server with pg_stat_statements start with so many entries, each with a text of so many bytes: in seconds, where
 * running the statements would take minutes. The entries are those of the superuser in the database `postgres`, and no
 * statement that is run belongs to one of them.
 */
export async function startWithEntries(
  server: PostgresServer,
  args: { readonly entries: number; readonly textBytes: number },
): Promise<void> {
  const path = join(await dataFolder(server), "pg_stat", "pg_stat_statements.stat");
  await server.query(onlyText);
  await server.shutdown();
  const only = await readFile(path);
  const entryBytes = only.length - headerBytes - globalBytes - onlyText.length - 1;
  const entry = only.subarray(headerBytes, headerBytes + entryBytes);
  const lengthAt = entry.lastIndexOf(lengthOf(onlyText.length));
  const text = only.toString("latin1", headerBytes + entryBytes, headerBytes + entryBytes + onlyText.length);
  if (only.readInt32LE(8) !== 1 || text !== onlyText || lengthAt < 0) throw new Error("another form of the file");
  await using file = await open(path, "r+");
  const header = Buffer.from(only.subarray(0, headerBytes));
  header.writeInt32LE(args.entries, 8);
  const filler = Buffer.alloc(args.textBytes, "long ");
  const record = Buffer.concat([entry, filler, Buffer.of(0)]);
  lengthOf(args.textBytes).copy(record, lengthAt);
  let chunk = [header];
  let size = header.length;
  const flush = async () => {
    await file.write(Buffer.concat(chunk));
    [chunk, size] = [[], 0];
  };
  for (let index = 0; index < args.entries; index++) {
    record.writeBigInt64LE(BigInt(index + 1), queryIdAt);
    record.write(`SELECT c${index} FROM stored /* `, entry.length);
    record.write(" */", record.length - 4);
    chunk.push(Buffer.from(record));
    size += record.length;
    if (size >= chunkBytes) await flush();
  }
  chunk.push(only.subarray(-globalBytes));
  await flush();
  await server.start();
}

/**
 * Has a server with pg_stat_statements start with other counters of one entry: each `from` is a number that the entry
 * holds once among its 64-bit integers.
 */
export async function startWithCounters(
  server: PostgresServer,
  text: string,
  changes: readonly { readonly from: bigint; readonly to: bigint }[],
): Promise<void> {
  const path = join(await dataFolder(server), "pg_stat", "pg_stat_statements.stat");
  await server.shutdown();
  const content = await readFile(path);
  const textAt = content.indexOf(`\0${text}\0`);
  for (const { from, to } of changes) {
    const at = content.lastIndexOf(counter(from), textAt);
    if (textAt < 0 || at < textAt - longestEntryBytes) throw new Error(`no ${from} in the entry of ${text}`);
    counter(to).copy(content, at);
  }
  await writeFile(path, content);
  await server.start();
}

async function dataFolder(server: PostgresServer): Promise<string> {
  const [place] = await server.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
  return place?.folder ?? "";
}

function counter(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32LE(bytes);
  return length;
}
