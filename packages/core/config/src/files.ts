import { closeSync, openSync, readSync } from "node:fs";
import { isAbsolute } from "node:path";
import { getSystemErrorMessage } from "node:util";
import { maxSourceBytes } from "./limits.ts";
import { decodeUtf8 } from "./text-encoding.ts";
import { Unreadable } from "./unreadable.ts";

/** Gives the bytes of a file or throws. Injected so that an embedding application can serve its own. */
export type ReadFile = (path: string) => Uint8Array;

/** The text of a file and what is wrong with it, ready to be told. */
export type FileText =
  | { readonly text: string; readonly reason?: never }
  | {
      /** In words without the path. */
      readonly reason: string;
      readonly hint: string;
      /** Where in the file, counted from 1; absent when it is about the file as a whole. */
      readonly place?: { readonly line: number; readonly column: number } | undefined;
    };

/** Reads a text: UTF-8, with or without a byte-order mark. Where the path may not be shown, `name` stands for it. */
export function readText(path: string, readFile: ReadFile, name = path): FileText {
  try {
    return { text: decodeUtf8(readFile(path), name) };
  } catch (error) {
    if (error instanceof Unreadable) return { reason: error.message, hint: error.hint, place: error.place };
    return { reason: reasonOf(error), hint: "see that it exists and may be read" };
  }
}

/** Reads a file of at most 4 MiB; also a pipe or a device, without an end of which it does not run away. */
export function readSource(path: string): Uint8Array {
  try {
    return readWhole(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") throw new Unreadable(reasonOf(error), `see that it exists${relativeTo(path)}`);
    if (code === "EISDIR") throw new Unreadable("it is a directory", "name a file in it");
    if (code === "EACCES" || code === "EPERM") {
      throw new Unreadable(reasonOf(error), "let the user that runs this command read it, and enter the folders above");
    }
    throw error;
  }
}

function readWhole(path: string): Uint8Array {
  const file = openSync(path, "r");
  try {
    const chunks: Uint8Array[] = [];
    for (let total = 0; ; ) {
      const chunk = new Uint8Array(64 * 2 ** 10);
      const count = readSync(file, chunk);
      if (count === 0) return Buffer.concat(chunks);
      total += count;
      if (total > maxSourceBytes) throw new Unreadable("it is larger than 4 MiB", "see that it is the right file");
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
}

function relativeTo(path: string): string {
  return isAbsolute(path) ? "" : `, seen from the working directory ${process.cwd()}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && "errno" in error && typeof error.errno === "number") {
    return getSystemErrorMessage(error.errno);
  }
  return "unknown reason";
}
