import { open, readFile } from "node:fs/promises";
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

/**
 * Has a server with pg_stat_statements start with so many entries, each with a text of so many bytes: in seconds, where
 * running the statements would take minutes. The entries are those of the superuser in the database `postgres`, and no
 * statement that is run belongs to one of them.
 */
export async function startWithEntries(
  server: PostgresServer,
  args: { readonly entries: number; readonly textBytes: number },
): Promise<void> {
  const [place] = await server.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
  await server.query(onlyText);
  await server.shutdown();
  const path = join(place?.folder ?? "", "pg_stat", "pg_stat_statements.stat");
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

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32LE(bytes);
  return length;
}
