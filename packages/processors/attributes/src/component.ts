import { defineProcessor } from "@dbintel/pipeline";
import { AttributesProcessor } from "./attributes.ts";
import { attributesConfig } from "./config.ts";

/** The processor `attributes`: changes the attributes of log records, spans and data points. */
export const attributes = defineProcessor({
  type: "attributes",
  description:
    "Inserts, updates, deletes, hashes, extracts and converts attributes of log records, spans and data points.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: attributesConfig,
  create: ({ config, host, signal, next }) => new AttributesProcessor({ config, logger: host.logger, signal, next }),
});
