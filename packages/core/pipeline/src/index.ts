export type { ComponentAccounting, LedgerEntry } from "./accounting.ts";
export type { Clock, Timer } from "./clock.ts";
export { systemClock, wait } from "./clock.ts";
export type {
  Component,
  ComponentDefinition,
  ComponentKind,
  ConnectorDefinition,
  ExporterDefinition,
  ExtensionDefinition,
  ProcessorDefinition,
  ReceiverDefinition,
  Stability,
} from "./component.ts";
export { componentKinds } from "./component.ts";
export type { ConsumeContext, Consumer, Consumers } from "./consumer.ts";
export type { ComponentFactory, Configured } from "./define.ts";
export { defineConnector, defineExporter, defineExtension, defineProcessor, defineReceiver } from "./define.ts";
export type { BuildInfo, CollectorView, ComponentView, Host, LogFields, Logger, Random } from "./host.ts";
export { Ledger } from "./ledger.ts";
export type { ComponentStatus } from "./status.ts";
