import type { CollectorConfig } from "@dbintel/config";

/** What of a configuration the graph shows. */
type Pipelines = Pick<CollectorConfig, "connectors" | "service">;

/**
 * The pipelines as a Mermaid flowchart. A receiver, an exporter and a connector are one node each, as they are one
 * instance each; a processor is a node in every pipeline that names it.
 */
export function mermaid({ connectors, service }: Pipelines): string {
  const outer = new Map<string, string>();
  const nodeOf = (role: "receiver" | "exporter", id: string) => {
    const kind = connectors.has(id) ? "connector" : role;
    const key = `${kind}:${id}`;
    const name = outer.get(key) ?? `n${outer.size}`;
    outer.set(key, name);
    return name;
  };
  const inner: string[] = [];
  const edges: string[] = [];
  let pipelineNumber = 0;
  for (const [pipelineId, { receivers, processors, exporters }] of service.pipelines) {
    const prefix = `p${pipelineNumber++}`;
    const steps = processors.map((id, index) => ({ name: `${prefix}s${index}`, id }));
    // A pipeline without processors still shows as a place that its data passes.
    if (steps.length === 0) steps.push({ name: `${prefix}s0`, id: pipelineId });
    inner.push(`  subgraph ${prefix}["${label(pipelineId)}"]`, "    direction LR");
    for (const { name, id } of steps) inner.push(`    ${name}["${label(id)}"]`);
    for (let index = 1; index < steps.length; index++) {
      inner.push(`    ${steps[index - 1]?.name} --> ${steps[index]?.name}`);
    }
    inner.push("  end");
    for (const id of receivers) edges.push(`  ${nodeOf("receiver", id)} --> ${steps[0]?.name}`);
    for (const id of exporters) edges.push(`  ${steps.at(-1)?.name} --> ${nodeOf("exporter", id)}`);
  }
  const nodes = [...outer].map(([key, name]) => {
    const [kind, id] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
    return kind === "connector" ? `  ${name}{{"${label(id)}"}}` : `  ${name}(["${label(id)}"])`;
  });
  return ["flowchart LR", ...nodes, ...inner, ...edges].join("\n");
}

/** Mermaid reads `#` codes inside quoted labels; nothing else needs care there. */
function label(id: string): string {
  return id.replaceAll("#", "#35;").replaceAll('"', "#quot;");
}
