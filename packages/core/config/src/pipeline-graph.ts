import type { Findings } from "./findings.ts";
import type { DeclaredComponents, DeclaredPipeline, Reference } from "./pipeline-check.ts";
import { type ComponentType, type OfKind, type Signal, sections } from "./registry.ts";

/** A connector that takes the data of one pipeline to another. */
interface Edge {
  readonly from: DeclaredPipeline;
  readonly to: DeclaredPipeline;
  /** Where `from` names the connector as an exporter. */
  readonly by: Reference;
}

/** A pipeline that names a connector, and where it does. */
interface End {
  readonly pipeline: DeclaredPipeline;
  readonly reference: Reference;
}

export interface GraphCheck {
  readonly pipelines: readonly DeclaredPipeline[];
  readonly components: DeclaredComponents;
  readonly findings: Findings;
}

/** Checks what joins pipelines: a connector has both its ends, in signals that it translates, and nothing goes in circles. */
export function checkPipelineGraph({ pipelines, components, findings }: GraphCheck): void {
  const edges: Edge[] = [];
  for (const { id, key, position, definition } of components.connector.values()) {
    for (const kind of ["receiver", "exporter"] as const) {
      if (!components[kind].has(id)) continue;
      const message = `the id "${id}" is used by a connector and under ${sections[kind]}`;
      findings.error({ path: ["connectors", key], position, message, hint: `give one of them a name: ${id}/name` });
    }
    if (definition?.kind !== "connector") continue;
    const takes = endsOf(pipelines, "exporters", id);
    const gives = endsOf(pipelines, "receivers", id);
    edges.push(...joinEnds({ definition, takes, gives, findings }));
  }
  for (const cycle of cyclesOf(pipelines, edges)) {
    const [first] = cycle;
    if (first === undefined) continue;
    const way = cycle.map(({ from, by }) => `${from.id} → ${by.id}`);
    const { path, position } = first.by;
    findings.error({
      path,
      position,
      message: `data would go in a circle: ${way.join(" → ")} → ${first.from.id}`,
      hint: "remove one of these connectors from the exporters or the receivers",
    });
  }
}

function endsOf(pipelines: readonly DeclaredPipeline[], side: "receivers" | "exporters", id: string): readonly End[] {
  return pipelines.flatMap((pipeline) => {
    const reference = pipeline[side].find((each) => each.id === id);
    return reference === undefined ? [] : [{ pipeline, reference }];
  });
}

interface Ends {
  readonly definition: OfKind<ComponentType, "connector">;
  /** The pipelines whose data the connector takes. */
  readonly takes: readonly End[];
  /** The pipelines that the connector gives data to. */
  readonly gives: readonly End[];
  readonly findings: Findings;
}

function joinEnds({ definition, takes, gives, findings }: Ends): readonly Edge[] {
  const edges: Edge[] = [];
  const joined = new Set<DeclaredPipeline>();
  for (const { pipeline: from, reference: by } of takes) {
    const becomes = definition.signals[from.signal] ?? {};
    const targets = gives.filter(({ pipeline }) => becomes[pipeline.signal] !== undefined);
    for (const { pipeline: to } of targets) {
      edges.push({ from, to, by });
      joined.add(to);
    }
    if (targets.length > 0) continue;
    const able = Object.keys(becomes) as Signal[];
    findings.error({
      path: by.path,
      position: by.position,
      message: `the connector "${by.id}" takes ${from.signal} here, but gives them to no pipeline`,
      hint:
        able.length === 0
          ? `it does not take ${from.signal}`
          : `name it under receivers of another pipeline of ${able.join(" or ")}`,
    });
  }
  for (const { pipeline: to, reference } of gives) {
    if (joined.has(to)) continue;
    const able = (Object.keys(definition.signals) as Signal[]).filter((from) => definition.signals[from]?.[to.signal]);
    findings.error({
      path: reference.path,
      position: reference.position,
      message: `the connector "${reference.id}" gives ${to.signal} here, but takes none from any pipeline`,
      hint:
        able.length === 0
          ? `it does not give ${to.signal}`
          : `name it under exporters of another pipeline of ${able.join(" or ")}`,
    });
  }
  return edges;
}

/** Circles, none of which shares a pipeline with another; when there is any circle, there is one here. */
function cyclesOf(pipelines: readonly DeclaredPipeline[], edges: readonly Edge[]): readonly (readonly Edge[])[] {
  const left = new Set(pipelines);
  const cycles: (readonly Edge[])[] = [];
  for (;;) {
    const inside = () => edges.filter(({ from, to }) => left.has(from) && left.has(to));
    for (let before = -1; before !== left.size; ) {
      before = left.size;
      const fed = new Set(inside().map(({ to }) => to));
      for (const pipeline of left) if (!fed.has(pipeline)) left.delete(pipeline);
    }
    const [start] = left;
    if (start === undefined) return cycles;
    // Every pipeline that is left is fed by another one that is left: going upstream must come back.
    const feeding = new Map(inside().map((edge) => [edge.to, edge]));
    const seen = new Set<DeclaredPipeline>();
    let at = start;
    while (!seen.has(at)) {
      seen.add(at);
      at = feeding.get(at)?.from ?? at;
    }
    const cycle: Edge[] = [];
    do {
      const edge = feeding.get(at);
      if (edge === undefined) break;
      cycle.unshift(edge);
      left.delete(at);
      at = edge.from;
    } while (left.has(at));
    cycles.push(cycle);
  }
}
