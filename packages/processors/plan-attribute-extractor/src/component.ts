import { defineProcessor } from "@dbintel/pipeline";
import { planAttributeExtractorConfig } from "./config.ts";
import { PlanAttributeExtractor } from "./plan-attribute-extractor.ts";

/** The processor `plan_attribute_extractor`: tells what a query plan in a log record holds, without its constants. */
export const planAttributeExtractor = defineProcessor({
  type: "plan_attribute_extractor",
  aliases: ["planattributeextractor"],
  description: "Reads query plans in log records: figures, hashes, findings; no constant of a statement stays in them.",
  signals: { logs: "beta" },
  schema: planAttributeExtractorConfig,
  create: ({ id, config, host, next }) => new PlanAttributeExtractor({ id, config, host, next }),
});
