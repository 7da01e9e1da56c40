import { defineExtension } from "@dbintel/pipeline";
import { fileStorageConfig } from "./config.ts";
import { FileStorage } from "./file-storage.ts";
import { stateDirectory } from "./state-directory.ts";

/** The extension `file_storage`: keeps what components must remember over a restart in files of one directory. */
export const fileStorage = defineExtension({
  type: "file_storage",
  description: "Keeps the state of components over a restart in files of one directory.",
  stability: "beta",
  schema: fileStorageConfig,
  exclusive: ({ directory }) => [`directory:${directory ?? stateDirectory()}`],
  create: ({ config, host }) => new FileStorage(config, host),
});
