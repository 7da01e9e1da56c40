import { createReadStream } from "node:fs";
import { DbintelError } from "@dbintel/errors";

/** The content of a file of at most `limit` bytes. Rejects with `DBI_FILE`; `setting` is what names the file. */
export async function readBounded(path: string, options: { readonly limit: number; readonly setting: string }) {
  const { limit, setting } = options;
  let bytes: Buffer;
  try {
    const chunks: Buffer[] = [];
    // One byte more than there may be: what has it is too long, whatever its size was said to be.
    for await (const chunk of createReadStream(path, { end: limit })) chunks.push(chunk as Buffer);
    bytes = Buffer.concat(chunks);
  } catch (cause) {
    throw new DbintelError(`cannot read ${path}`, {
      code: "DBI_FILE",
      hint: `check ${setting}, and that the collector's user may read the file`,
      retryable: true,
      cause,
    });
  }
  if (bytes.length <= limit) return bytes;
  throw new DbintelError(`${path} is longer than ${limit} bytes`, {
    code: "DBI_FILE",
    hint: `check that ${setting} names the right file`,
  });
}
