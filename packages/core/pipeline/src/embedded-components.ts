import type { ExporterDefinition, ExtensionDefinition, ProcessorDefinition, ReceiverDefinition } from "./component.ts";
import type { Consumers } from "./consumer.ts";
import type { PipelineOptions } from "./create-pipeline.ts";
import type { Configured } from "./define.ts";
import { checkComponent, checkConsumers, checkIds, checkList, checkOutputs } from "./embedding-checks.ts";
import { outputDefinition } from "./rim.ts";

/** Where a pipeline ends: an exporter, or consumers of the embedding application that get the processed batches. */
export type Output = Configured<ExporterDefinition> | Consumers;

/** The receiver that calls of `consume` are: no other may have its id. */
export const inputId = "input";

/** The receivers by their ids. */
export function receiversOf({ receivers = [] }: PipelineOptions): Map<string, Configured<ReceiverDefinition>> {
  if (isList(receivers)) {
    for (const [index, given] of receivers.entries()) checkComponent(given, "receiver", `receivers[${index}]`);
    return named(receivers);
  }
  checkIds(receivers, "receivers", inputId);
  const given = Object.entries(receivers);
  for (const [id, receiver] of given) checkComponent(receiver, "receiver", `receivers["${id}"]`);
  return new Map(given);
}

/** The processors that an application gives, by the ids that a configuration would give them. */
export function processorsOf({ processors = [] }: PipelineOptions): Map<string, Configured<ProcessorDefinition>> {
  checkList(processors, "processors");
  for (const [index, given] of processors.entries()) checkComponent(given, "processor", `processors[${index}]`);
  return named(processors);
}

/** The exporters by their ids, consumers of the application among them. Throws `DBI_CONFIG_INVALID` when there is none. */
export function exportersOf({
  exporter,
  exporters = [],
}: PipelineOptions): Map<string, Configured<ExporterDefinition>> {
  const single = exporter === undefined ? [] : [asExporter(exporter, "exporter")];
  const all = isList(exporters)
    ? named([...single, ...exporters.map((output, index) => asExporter(output, `exporters[${index}]`))])
    : byId(exporters);
  checkOutputs(all, exporter !== undefined && !isList(exporters));
  return all;
}

/** The extensions by their ids. */
export function extensionsOf({ extensions = {} }: PipelineOptions): Map<string, Configured<ExtensionDefinition>> {
  checkIds(extensions, "extensions");
  const given = Object.entries(extensions);
  for (const [id, extension] of given) checkComponent(extension, "extension", `extensions["${id}"]`);
  return new Map(given);
}

function byId(exporters: Readonly<Record<string, Output>>): Map<string, Configured<ExporterDefinition>> {
  checkIds(exporters, "exporters");
  return new Map(Object.entries(exporters).map(([id, output]) => [id, asExporter(output, `exporters["${id}"]`)]));
}

/** Ids as a configuration would have them: the type, and `type/2` for the second of a type. */
function named<C extends { readonly definition: { readonly type: string } }>(components: readonly C[]): Map<string, C> {
  const counts = new Map<string, number>();
  return new Map(
    components.map((component) => {
      const { type } = component.definition;
      const count = (counts.get(type) ?? 0) + 1;
      counts.set(type, count);
      return [count === 1 ? type : `${type}/${count}`, component];
    }),
  );
}

/** `Array.isArray` does not tell a read-only list from a record. */
function isList<Given>(given: readonly Given[] | Readonly<Record<string, Given>>): given is readonly Given[] {
  return Array.isArray(given);
}

function asExporter(output: Output, place: string): Configured<ExporterDefinition> {
  if (typeof output !== "object" || output === null || "definition" in output) {
    checkComponent(output, "exporter", place);
    return output;
  }
  checkConsumers(output, place);
  return { definition: outputDefinition(output), config: {} };
}
