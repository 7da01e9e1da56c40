import { defineProcessor } from "@dbintel/pipeline";
import { resourceConfig } from "./config.ts";
import { ResourceProcessor } from "./resource.ts";

/** The processor `resource`: changes the attributes of resources. */
export const resource = defineProcessor({
  type: "resource",
  description: "Inserts, updates, deletes, hashes, extracts and converts attributes of resources.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: resourceConfig,
  create: ({ config, next }) => new ResourceProcessor({ config, next }),
});
