import { closest, parseComponentId } from "@dbintel/config";
import { DbintelError, PermanentError } from "@dbintel/errors";
import { type Signal, signals } from "@dbintel/pdata";
import type { ComponentDefinition, ComponentKind, ReceiverDefinition } from "./component.ts";
import type { Consumers } from "./consumer.ts";
import type { Configured } from "./define.ts";
import type { PipelineSpec } from "./graph-spec.ts";

/** What an application without types may hand over instead of a configured component. */
type Given = Partial<Configured<ComponentDefinition>> | undefined;

/** Throws `DBI_CONFIG_INVALID` for what an application without types may hand over in place of options, or among them. */
export function checkOptions(given: unknown, known: readonly string[]): void {
  if (typeof given !== "object" || given === null) {
    throw invalid("createPipeline was given no options", "give at least an exporter: createPipeline({ exporter })");
  }
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const meant = closest(key, known);
    const hint = meant === undefined ? `it knows ${known.join(", ")}` : `did you mean "${meant}"?`;
    throw invalid(`createPipeline knows no option "${key}"`, hint);
  }
}

/** Throws `DBI_CONFIG_INVALID` for one component where a list of them belongs. */
export function checkList(given: unknown, place: string): void {
  if (Array.isArray(given)) return;
  throw invalid(`${place} is no list`, `write ${place}: [ … ], also for one`);
}

/** Throws `DBI_CONFIG_INVALID` for what is not a component of this kind with its settings; `place` names it. */
export function checkComponent(given: Given, kind: ComponentKind, place: string): void {
  const definition = given?.definition;
  if (definition === undefined) {
    const other = kind === "exporter" ? ", or consumers such as { logs: { consume: async (logs) => { … } } }" : "";
    throw invalid(`${place} is no ${kind}`, `give what a call of the ${kind}'s package returns${other}`);
  }
  if (definition.kind !== kind) {
    const hint = `${kind}s go here, others into \`receivers\`, \`processors\`, \`exporter\` and \`extensions\``;
    throw invalid(`${place} is the ${definition.kind} "${definition.type}"`, hint);
  }
  if (typeof given === "function") {
    const hint = "call it, with settings or with none, and give what it returns";
    throw invalid(`${place} is the ${kind} "${definition.type}" without its settings`, hint);
  }
}

/** Throws `DBI_CONFIG_INVALID` for consumers that take nothing. */
export function checkConsumers(given: Consumers, place: string): void {
  const hint =
    "give an exporter such as otlpHttp({ … }), or consumers such as { logs: { consume: async (logs) => { … } } }";
  const taken = signals.filter((signal) => given[signal] !== undefined);
  if (taken.length === 0) throw invalid(`${place} takes no signal`, hint);
  const odd = taken.find((signal) => typeof given[signal]?.consume !== "function");
  if (odd !== undefined) throw invalid(`${place}.${odd} has no function consume`, hint);
}

/** Throws `DBI_CONFIG_INVALID` for components that are not named, or by what is no id or is taken; `place` names their record. */
export function checkIds(given: object, place: string, taken?: string): void {
  if (Array.isArray(given)) {
    const hint = `write { file_storage: fileStorage() }: settings name extensions by their ids`;
    throw invalid(`${place} is a list`, hint);
  }
  for (const id of Object.keys(given)) {
    const { problem } = parseComponentId(id);
    if (id === taken)
      throw invalid(`${place}["${id}"]: calls of consume have this id`, "name it by its type, or type/name");
    if (problem !== undefined) throw invalid(`${place}["${id}"]: ${problem}`, "name it by its type, or type/name");
  }
}

/** Throws `DBI_CONFIG_INVALID` for receivers that would never be asked for anything. */
export function checkUse(
  receivers: ReadonlyMap<string, Configured<ReceiverDefinition>>,
  pipelines: ReadonlyMap<string, PipelineSpec>,
): void {
  const specs = [...pipelines.values()];
  for (const [id, { definition }] of receivers) {
    if (specs.some((spec) => spec.receivers.includes(id))) continue;
    const given = Object.keys(definition.signals).join(" and ");
    const taken = [...pipelines.keys()].join(" and ") || "nothing";
    const hint =
      "the pipeline takes what all of its processors and exporters take, and `signals` names where it is set";
    throw invalid(`receiver "${id}" gives ${given}, and the pipeline takes ${taken}`, hint);
  }
}

/** Throws `DBI_CONFIG_INVALID` for a pipeline without an end, or with one that has no id among others that have. */
export function checkOutputs(outputs: ReadonlyMap<string, unknown>, isMixed: boolean): void {
  if (isMixed)
    throw invalid("the pipeline has an `exporter` beside `exporters` by id", "name all of them in `exporters`");
  if (outputs.size > 0) return;
  throw invalid("the pipeline has no exporter", "set `exporter` to an exporter or to consumers of your own");
}

/** Why what was given is no batch of the signal. Without this check what has no items would pass in silence. */
export function batchProblem(
  given: { readonly signal?: unknown } | undefined,
  signal: Signal,
): PermanentError | undefined {
  if (given?.signal === signal) return undefined;
  const decoder = { logs: "decodeLogs", metrics: "decodeMetrics", traces: "decodeTraces" }[signal];
  return new PermanentError(`${signal}.consume was not given a batch of ${signal}`, {
    hint: `${decoder}(bytes) of @dbintel/pdata makes one of OTLP bytes, ${signal}Builder() of values`,
  });
}

/** Why a component of the pipeline does not take a signal that was given to it. */
export function signalProblem(component: string, signal: Signal): PermanentError {
  return new PermanentError(`${component} does not take ${signal}`, {
    hint: `make another pipeline for ${signal}, of components that take them`,
  });
}

function invalid(message: string, hint: string): DbintelError {
  return new DbintelError(message, { code: "DBI_CONFIG_INVALID", hint });
}
