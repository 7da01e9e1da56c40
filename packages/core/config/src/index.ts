export type { CheckedConfig, CheckOptions } from "./check.ts";
export { checkConfig, componentTypesOf, requireConfig } from "./check.ts";
export type {
  CollectorConfig,
  ConfiguredComponent,
  ConfiguredComponents,
  EffectiveConfig,
  PipelineConfig,
} from "./collector-config.ts";
export type { ComponentId, ParsedComponentId } from "./component-id.ts";
export { parseComponentId } from "./component-id.ts";
export type { Diagnostic, FormatOptions } from "./diagnostic.ts";
export { ConfigError, formatDiagnostics, hasErrors } from "./diagnostic.ts";
export type { ExplainedSetting } from "./explain.ts";
export { explainConfig } from "./explain.ts";
export { extensionId } from "./extension-id.ts";
export { unsupported, withoutEffect } from "./foreign-settings.ts";
export type { GivenSettings } from "./given-settings.ts";
export { checkGivenSettings } from "./given-settings.ts";
export { configJsonSchema } from "./json-schema.ts";
export type { Listening, PlacedListener } from "./listener-check.ts";
export { placeListeners } from "./listener-check.ts";
export type { LoadedConfig, LoadOptions } from "./load.ts";
export { loadConfig } from "./load.ts";
export type { HostPort } from "./network.ts";
export { endpointUrl, formatHostPort, headers, hostPort, parseHostPort } from "./network.ts";
export type { ConfigNode, ListNode, MapEntry, MapNode, Origin, ScalarNode } from "./node.ts";
export { nodeAt } from "./node.ts";
export type { ConfigPath, PathSegment, Position } from "./position.ts";
export { formatPath, formatPosition } from "./position.ts";
export type { PrintOptions } from "./print.ts";
export { redactedConfig } from "./print.ts";
export type { ComponentKind, ComponentRegistry, ComponentType, Listener, OfKind, Signal } from "./registry.ts";
export { componentKinds, createRegistry, sections, signals } from "./registry.ts";
export { Secret, secret } from "./secret.ts";
export { settingsTable } from "./settings-table.ts";
export type { JsonSchema } from "./subschema.ts";
export { closest } from "./suggestion.ts";
export type { Bytes, Milliseconds } from "./units.ts";
export { age, byteSize, duration, parseByteSize, parseDuration, positiveDuration } from "./units.ts";
