import { createRequire } from "node:module";
import { join } from "node:path";
import type { OpenStore } from "./candidate.ts";

/** What is used of the package `lmdb`. */
interface Database {
  put(key: number, value: Uint8Array): Promise<boolean>;
  remove(key: number): Promise<boolean>;
  getRange(): Iterable<{ readonly key: number; readonly value: Uint8Array }>;
  close(): Promise<void>;
}

interface Lmdb {
  open(options: Readonly<Record<string, unknown>>): Database;
}

/** A promise of `put` that resolves after the sync of its transaction: without overlapping syncs. */
export async function openLmdb(folder: string): Promise<OpenStore> {
  const from = createRequire(join(process.env.DBINTEL_LMDB ?? "", "package.json"));
  const library = from("lmdb") as Lmdb;
  const path = join(folder, "queue.mdb");
  const store = library.open({
    path,
    noSubdir: true,
    encoding: "binary",
    keyEncoding: "uint32",
    overlappingSync: false,
  });
  return {
    async put(id, content) {
      await store.put(id, content);
    },
    finish: (id) => void store.remove(id),
    async *records() {
      for (const { key, value } of store.getRange()) yield { id: key, content: value };
    },
    close: () => store.close(),
  };
}
