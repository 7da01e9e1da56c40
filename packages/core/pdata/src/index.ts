export type * from "./api.ts";
export { metricTypes, signals } from "./api.ts";
export { attributeKey, attributeKeys } from "./attribute-key.ts";
export { decode, decodeEncoded, decodeLogs, decodeMetrics, decodeTraces } from "./batches.ts";
export { distributionIncrease, joinDistributions } from "./distribution-arithmetic.ts";
export { encodeAttributes } from "./encoded-attributes.ts";
export {
  decodeExportResponse,
  decodeRpcStatus,
  encodeExportResponse,
  encodeRpcStatus,
  exportMethods,
} from "./exchange.ts";
export type * from "./exchange-api.ts";
export { explicitHistogram } from "./explicit-histogram.ts";
export { hashText, joinHash } from "./hash.ts";
export { decodeJson } from "./json-decoder.ts";
export { encodeJson } from "./json-encoder.ts";
export { logsBuilder } from "./logs-builder.ts";
export { mergeBatches } from "./merge.ts";
export { metricsBuilder } from "./metrics-builder.ts";
export type { NumberValue } from "./number-value.ts";
export { addNumbers, subtractNumbers } from "./number-value.ts";
export { PdataError } from "./pdata-error.ts";
export type * from "./producer-api.ts";
export type { Salvaged } from "./salvage.ts";
export { salvage } from "./salvage.ts";
export type * from "./text-api.ts";
export { textScopes } from "./text-api.ts";
export { tracesBuilder } from "./traces-builder.ts";
