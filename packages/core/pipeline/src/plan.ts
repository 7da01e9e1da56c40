import { DbintelError } from "@dbintel/errors";
import type { Signal } from "@dbintel/pdata";
import type { GraphSpec, PipelineSpec } from "./graph-spec.ts";

/**
 * The pipelines in an order in which each comes after all that it feeds through connectors, so that a graph can be
 * built from its far end. Everything that no graph can be built from is refused here: a name that is not defined, a
 * signal that a component does not take, a connector with only one side, a cycle.
 */
export function downstreamFirst(spec: GraphSpec): readonly string[] {
  for (const id of spec.service.pipelines.keys()) checkPipeline(spec, id);
  for (const id of spec.service.extensions) {
    if (!spec.extensions.has(id)) throw invalid(`service names the extension "${id}", which is not defined`);
  }
  const order: string[] = [];
  const visited = new Map<string, "open" | "done">();
  const visit = (id: string, path: readonly string[]) => {
    if (visited.get(id) === "done") return;
    if (visited.get(id) === "open") {
      const cycle = [...path.slice(path.indexOf(id)), id];
      throw invalid(`pipelines feed each other in a circle: ${cycle.join(" → ")}`);
    }
    visited.set(id, "open");
    for (const next of fedBy(spec, id)) visit(next, [...path, id]);
    visited.set(id, "done");
    order.push(id);
  };
  for (const id of spec.service.pipelines.keys()) visit(id, []);
  return order;
}

/** The pipelines that a pipeline feeds through its connectors. */
function fedBy(spec: GraphSpec, id: string): string[] {
  const pipeline = pipelineOf(spec, id);
  return pipeline.exporters.flatMap((exporter) => fedThrough(spec, exporter, pipeline.signal));
}

/** The pipelines that a connector feeds with what comes from a pipeline of `from`; none for an exporter. */
function fedThrough(spec: GraphSpec, connector: string, from: Signal): string[] {
  const signals = spec.connectors.get(connector)?.definition.signals[from];
  if (signals === undefined) return [];
  return [...spec.service.pipelines]
    .filter(([, pipeline]) => pipeline.receivers.includes(connector) && signals[pipeline.signal] !== undefined)
    .map(([id]) => id);
}

export function pipelineOf(spec: GraphSpec, id: string): PipelineSpec {
  const pipeline = spec.service.pipelines.get(id);
  if (pipeline === undefined) throw invalid(`there is no pipeline "${id}"`);
  return pipeline;
}

function checkPipeline(spec: GraphSpec, id: string): void {
  const pipeline = pipelineOf(spec, id);
  const { signal, receivers, processors, exporters } = pipeline;
  if (receivers.length === 0) throw invalid(`pipeline "${id}" has no receiver`);
  if (exporters.length === 0) throw invalid(`pipeline "${id}" has no exporter`);
  const check = (kind: string, name: string, signals: object | undefined) => {
    if (signals === undefined) throw invalid(`pipeline "${id}" names the ${kind} "${name}", which is not defined`);
    if (!(signal in signals)) throw invalid(`the ${kind} "${name}" of pipeline "${id}" does not take ${signal}`);
  };
  for (const name of receivers) {
    if (spec.connectors.has(name)) {
      const feeds = [...spec.service.pipelines.values()].some(
        (other) => other.exporters.includes(name) && givesTo(spec, name, other.signal, signal),
      );
      if (!feeds)
        throw invalid(`the connector "${name}" gives to pipeline "${id}", but no pipeline feeds it ${signal}`);
    } else {
      check("receiver", name, spec.receivers.get(name)?.definition.signals);
    }
  }
  for (const name of processors) check("processor", name, spec.processors.get(name)?.definition.signals);
  for (const name of exporters) {
    if (spec.connectors.has(name)) {
      if (fedThrough(spec, name, signal).length === 0) {
        throw invalid(`the connector "${name}" takes from pipeline "${id}", but no pipeline receives from it`);
      }
    } else {
      check("exporter", name, spec.exporters.get(name)?.definition.signals);
    }
  }
}

function givesTo(spec: GraphSpec, connector: string, from: Signal, to: Signal): boolean {
  return spec.connectors.get(connector)?.definition.signals[from]?.[to] !== undefined;
}

function invalid(message: string): DbintelError {
  return new DbintelError(message, {
    code: "DBI_CONFIG_INVALID",
    hint: "Compare the ids in service.pipelines with the components that the configuration defines.",
  });
}
