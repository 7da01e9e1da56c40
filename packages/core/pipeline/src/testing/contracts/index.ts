/**
 * The contracts of components as test suites, one call a component: the entry point
 * `@dbintel/pipeline/testing/contracts`, for tests that run in vitest.
 */
export type { ExporterContract } from "./exporter-contract.ts";
export { describeExporterContract } from "./exporter-contract.ts";
export type { ExtensionContract } from "./extension-contract.ts";
export { describeExtensionContract } from "./extension-contract.ts";
export type { ProcessorContract } from "./processor-contract.ts";
export { describeProcessorContract } from "./processor-contract.ts";
export type { ReceiverContract } from "./receiver-contract.ts";
export { describeReceiverContract } from "./receiver-contract.ts";
