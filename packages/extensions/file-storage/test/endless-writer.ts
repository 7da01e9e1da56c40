import { createTestHost } from "@dbintel/pipeline/testing";
import { fileStorageConfig } from "../src/config.ts";
import { FileStorage } from "../src/file-storage.ts";

/** Saves one snapshot after the other, each of one repeated byte, until it is killed. */
const [, , directory] = process.argv;
const extension = new FileStorage(fileStorageConfig.parse({ directory }), createTestHost());
await extension.start({ signal: new AbortController().signal });
const storage = extension.storage({ kind: "extension", id: "writer" });
for (let round = 0; process.connected; round++) {
  await storage.save("state", new Uint8Array(200_000).fill(round));
  process.send?.(round);
}
