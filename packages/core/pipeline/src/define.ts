import { checkGivenSettings } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";
import type { z } from "zod";
import type {
  ComponentDefinition,
  ConnectorDefinition,
  ExporterDefinition,
  ExtensionDefinition,
  ProcessorDefinition,
  ReceiverDefinition,
} from "./component.ts";

/** A definition with checked settings: what an embedding application hands to `createPipeline`. */
export interface Configured<Definition extends ComponentDefinition> {
  readonly definition: Definition;
  readonly config: z.output<Definition["schema"]>;
  /** Equal for equal settings, references to variables and files resolved: what a reload compares. */
  readonly digest?: string;
}

/**
 * What a component takes when it is called, as a configuration file has it: `SettingsOf<typeof batch>`. Keys with
 * a default may be left out.
 */
export type SettingsOf<Factory extends { readonly definition: ComponentDefinition }> = z.input<
  Factory["definition"]["schema"]
>;

/** The settings may be left out as a whole where each of them has a default. */
type SettingsArguments<Definition extends ComponentDefinition> =
  Record<never, never> extends z.input<Definition["schema"]>
    ? [settings?: z.input<Definition["schema"]>]
    : [settings: z.input<Definition["schema"]>];

/**
 * A component as its package exports it: called with settings it is ready for `createPipeline`, and `definition`
 * is what a distribution registers. Wrong settings throw `DBI_CONFIG_INVALID` with everything that is wrong.
 */
export interface ComponentFactory<Definition extends ComponentDefinition> {
  (...settings: SettingsArguments<Definition>): Configured<Definition>;
  readonly definition: Definition;
}

function factory<Definition extends ComponentDefinition>(definition: Definition): ComponentFactory<Definition> {
  const configure = (settings: unknown = {}) => {
    const checked = checkGivenSettings(definition.schema, settings);
    if (checked.ok) return { definition, config: checked.value };
    throw new DbintelError(`${definition.kind} ${definition.type}: ${checked.problems.join("\n    ")}`, {
      code: "DBI_CONFIG_INVALID",
      hint: `the settings of ${definition.type} are in the README of its package`,
    });
  };
  return Object.assign(configure, { definition }) as ComponentFactory<Definition>;
}

/** Defines a receiver; the schema's type flows into `create`. */
export function defineReceiver<Schema extends z.ZodType>(
  definition: Omit<ReceiverDefinition<Schema>, "kind">,
): ComponentFactory<ReceiverDefinition<Schema>> {
  return factory({ kind: "receiver", ...definition });
}

/** Defines a processor; the schema's type flows into `create`. */
export function defineProcessor<Schema extends z.ZodType>(
  definition: Omit<ProcessorDefinition<Schema>, "kind">,
): ComponentFactory<ProcessorDefinition<Schema>> {
  return factory({ kind: "processor", ...definition });
}

/** Defines an exporter; the schema's type flows into `create`. */
export function defineExporter<Schema extends z.ZodType>(
  definition: Omit<ExporterDefinition<Schema>, "kind">,
): ComponentFactory<ExporterDefinition<Schema>> {
  return factory({ kind: "exporter", ...definition });
}

/** Defines a connector; the schema's type flows into `create`. */
export function defineConnector<Schema extends z.ZodType>(
  definition: Omit<ConnectorDefinition<Schema>, "kind">,
): ComponentFactory<ConnectorDefinition<Schema>> {
  return factory({ kind: "connector", ...definition });
}

/** Defines an extension; the schema's type flows into `create`. */
export function defineExtension<Schema extends z.ZodType>(
  definition: Omit<ExtensionDefinition<Schema>, "kind">,
): ComponentFactory<ExtensionDefinition<Schema>> {
  return factory({ kind: "extension", ...definition });
}
