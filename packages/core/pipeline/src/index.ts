export type { ComponentAccounting, LedgerEntry } from "./accounting.ts";
export type { ClientAuthenticator, HeaderOf, ServerAuthenticator } from "./authenticator.ts";
export { authSettings } from "./authenticator.ts";
export type { Clock, Timer } from "./clock.ts";
export { every, systemClock, wait } from "./clock.ts";
export type {
  Component,
  ComponentDefinition,
  ComponentKind,
  ConnectedPipelines,
  ConnectorDefinition,
  ExitGuard,
  ExporterDefinition,
  ExtensionDefinition,
  Listener,
  ProcessorDefinition,
  ReceiverDefinition,
  Stability,
  StopOptions,
} from "./component.ts";
export { componentKinds } from "./component.ts";
export type { ConsumeContext, Consumer, Consumers } from "./consumer.ts";
export type { Control, EffectiveSetting, ReloadReport, ReloadTrigger } from "./control.ts";
export type { EmbeddedConsumer, EmbeddedPipeline, PipelineOptions } from "./create-pipeline.ts";
export { createPipeline } from "./create-pipeline.ts";
export type { DeadLetterDesk } from "./dead-letter-desk.ts";
export { deadLetterDesks } from "./dead-letter-desk.ts";
export type { ComponentFactory, Configured, SettingsOf } from "./define.ts";
export { defineConnector, defineExporter, defineExtension, defineProcessor, defineReceiver } from "./define.ts";
export type { Check, CheckStatus, Diagnosis, Repair, Subject } from "./diagnosis.ts";
export { checkStatuses } from "./diagnosis.ts";
export { makeDirectory } from "./directory.ts";
export type { Output } from "./embedded-components.ts";
export { equalSecrets } from "./equal-secrets.ts";
export type { Extensions } from "./extensions.ts";
export { FollowedFile } from "./followed-file.ts";
export { forgottenAfter } from "./forgotten-after.ts";
export type { GraphOptions, Reloaded } from "./graph.ts";
export { Graph } from "./graph.ts";
export type { RunningComponent } from "./graph-node.ts";
export type { GraphSpec, PipelineSpec } from "./graph-spec.ts";
export type {
  BuildInfo,
  CollectorView,
  ComponentView,
  Environment,
  Host,
  LogFields,
  Logger,
  Random,
} from "./host.ts";
export type {
  Journal,
  JournalLosses,
  JournalOwner,
  JournalProvider,
  JournalRecord,
  OpenedJournal,
} from "./journal.ts";
export { isJournalProvider } from "./journal.ts";
export type { LogLevel } from "./json-logger.ts";
export { jsonLogger, logLevels } from "./json-logger.ts";
export { Ledger } from "./ledger.ts";
export { loneHost } from "./lone-host.ts";
export { MemoryPressure, memoryPressure } from "./memory-pressure.ts";
export { OwnEvents } from "./own-events.ts";
export type { SharedKey } from "./shared.ts";
export { SlidingCount } from "./sliding-count.ts";
export { Snapshot } from "./snapshot.ts";
export type { ComponentStatus } from "./status.ts";
export { componentStates } from "./status.ts";
export type { Storage, StorageOwner, StorageProvider } from "./storage.ts";
export { systemEnvironment, systemRandom } from "./system-environment.ts";
export type { TapListener } from "./taps.ts";
export { TlsFiles } from "./tls-files.ts";
