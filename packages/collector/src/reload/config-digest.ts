import type { ConfigNode, LoadedConfig } from "@dbintel/config";
import { formatDiagnostics } from "@dbintel/config";
import type { DistributionConfig } from "../configuration.ts";

/** Equal for configurations that run the same: what is written, wherever and with whichever comments. */
export function configDigest({
  receivers,
  processors,
  exporters,
  connectors,
  extensions,
  service,
}: DistributionConfig) {
  const components = [receivers, processors, exporters, connectors, extensions].map((section) =>
    [...section.values()].map(({ id, digest }) => [id, digest]),
  );
  return JSON.stringify([components, service.extensions, [...service.pipelines.values()], service.telemetry]);
}

/** Equal for equal contents of all sources and of everything that they refer to. Holds secrets. */
export function contentDigest({ root, diagnostics }: LoadedConfig): string {
  return JSON.stringify([contentOf(root), formatDiagnostics(diagnostics)]);
}

function contentOf(node: ConfigNode): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(contentOf);
    case "map":
      return [...node.entries].map(([key, { value }]) => [key, contentOf(value)]);
    case "broken":
      return undefined;
  }
}
