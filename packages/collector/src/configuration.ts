import type { CollectorConfig, Diagnostic, LoadedConfig } from "@dbintel/config";
import { checkConfig, componentTypesOf, formatDiagnostics, hasErrors, loadConfig } from "@dbintel/config";
import type { ComponentDefinition } from "@dbintel/pipeline";
import type { TelemetryConfig } from "@dbintel/selftelemetry";
import { telemetryListeners, telemetrySchema } from "@dbintel/selftelemetry";
import { exposedListeners } from "./exposed-listeners.ts";
import { loadRegistry } from "./registry.ts";
import type { Terminal } from "./terminal.ts";

/** Where a configuration comes from: the options that most subcommands share. */
export interface ConfigOptions {
  readonly config: readonly string[];
  readonly set: readonly string[];
}

/** A checked configuration of this distribution. */
export type DistributionConfig = CollectorConfig<ComponentDefinition, TelemetryConfig>;

/** What reading a configuration gave: the configuration where it can run, and every finding. */
export interface Reading {
  readonly config: DistributionConfig | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly loaded: LoadedConfig;
}

/** A reading whose configuration can run. */
export interface UsableReading extends Reading {
  readonly config: DistributionConfig;
}

/** Reads, merges and checks a configuration, loading the code of the components that it names. */
export async function readConfiguration(options: ConfigOptions, { env }: Pick<Terminal, "env">): Promise<Reading> {
  const loaded = loadSources(options, { env });
  const registry = await loadRegistry(componentTypesOf(loaded));
  const { config, diagnostics } = checkConfig(loaded, { registry, telemetrySchema, telemetryListeners });
  const exposed = config === undefined ? [] : exposedListeners(config, loaded);
  return { config, diagnostics: [...diagnostics, ...exposed], loaded };
}

/** Reads and merges the sources without checking what they say. */
export function loadSources(options: ConfigOptions, { env }: Pick<Terminal, "env">): LoadedConfig {
  return loadConfig({ sources: options.config, set: options.set, env });
}

/**
 * Reads a configuration for a command that needs one that can run: prints every finding to the error output and
 * returns `undefined` when there is an error.
 */
export async function usableConfiguration(
  options: ConfigOptions,
  terminal: Terminal,
): Promise<DistributionConfig | undefined> {
  return (await usableReading(options, terminal))?.config;
}

/** The same with what was read. */
export async function usableReading(options: ConfigOptions, terminal: Terminal): Promise<UsableReading | undefined> {
  const reading = await readConfiguration(options, terminal);
  const { config, diagnostics } = reading;
  if (diagnostics.length > 0) terminal.printError(formatDiagnostics(diagnostics));
  return config === undefined || hasErrors(diagnostics) ? undefined : { ...reading, config };
}
