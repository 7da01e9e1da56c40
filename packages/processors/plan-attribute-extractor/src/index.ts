export { planAttributeExtractor } from "./component.ts";
export type { PlanAttributeExtractorConfig } from "./config.ts";
