import { closeSync, openSync, readSync } from "node:fs";
import { getSystemErrorMessage } from "node:util";
import { maxSourceBytes } from "./limits.ts";

/** Gives the bytes of a file or throws. Injected so that an embedding application can serve its own. */
export type ReadFile = (path: string) => Uint8Array;

/** A reason that is written for the reader of the configuration. */
class Unreadable extends Error {}

/** Reads a file of at most 4 MiB; also a pipe or a device, without an end of which it does not run away. */
export function readSource(path: string): Uint8Array {
  const file = openSync(path, "r");
  try {
    const chunks: Uint8Array[] = [];
    for (let total = 0; ; ) {
      const chunk = new Uint8Array(64 * 2 ** 10);
      const count = readSync(file, chunk);
      if (count === 0) return Buffer.concat(chunks);
      total += count;
      if (total > maxSourceBytes) throw new Unreadable("it is larger than 4 MiB");
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
}

/** UTF-8 without a byte-order mark; anything else is refused. */
export function decodeSource(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Unreadable("it is not UTF-8");
  }
}

/** Why a file could not be read, in words without the path. */
export function reasonOf(error: unknown): string {
  if (error instanceof Unreadable) return error.message;
  if (error instanceof Error && "errno" in error && typeof error.errno === "number") {
    return getSystemErrorMessage(error.errno);
  }
  return "unknown reason";
}
