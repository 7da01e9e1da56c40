export type { BatchSettings } from "./batch-settings.ts";
export type { ClientTlsSettings } from "./client-tls.ts";
export { clientTlsSettings, loadClientTls } from "./client-tls.ts";
export type { Delivery, DeliveryArgs } from "./delivery.ts";
export { createDelivery } from "./delivery.ts";
export { LogGate } from "./log-gate.ts";
export type { DropReason } from "./outcome.ts";
export { dropReasons } from "./outcome.ts";
export type { QueueSettings, Sizer } from "./queue-settings.ts";
export { queueSettings, sizers } from "./queue-settings.ts";
export { longestQuotation, quote, secretsIn } from "./quotation.ts";
export { maxRetryAfterMs, parseRetryAfter } from "./retry-after.ts";
export type { RetrySettings } from "./retry-settings.ts";
export { retrySettings } from "./retry-settings.ts";
export type { Sender, SendOptions } from "./sender.ts";
export type { DeliverySettings, DeliverySettingsOptions } from "./settings.ts";
export { deliverySettings } from "./settings.ts";
export type { Verdict } from "./verdict.ts";
export { verdictOnSuccess } from "./verdict.ts";
export { ServerWarnings } from "./warnings.ts";

// Names above are for exporters, names below for a queue that outlives the process.

export type { PutOptions, QueueEntry, QueueStorage, TakeOptions } from "./queue-storage.ts";
