export type { ExporterFailure, ExporterLoad } from "./feedback.ts";
export { Feedback, feedback } from "./feedback.ts";
export type { Savings } from "./savings.ts";
export { noSavings } from "./savings.ts";
