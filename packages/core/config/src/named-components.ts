import type { DeclaredPipeline, Reference } from "./pipeline-check.ts";
import type { ComponentKind } from "./registry.ts";

/** Tells which components the service names: those alone are built. */
export function namedComponents(
  pipelines: readonly DeclaredPipeline[],
  extensions: readonly Pick<Reference, "id">[],
): (kind: ComponentKind, id: string) => boolean {
  const idsOf = (side: "receivers" | "processors" | "exporters") =>
    new Set(pipelines.flatMap((pipeline) => pipeline[side].map(({ id }) => id)));
  const [receivers, processors, exporters] = [idsOf("receivers"), idsOf("processors"), idsOf("exporters")];
  const started = new Set(extensions.map(({ id }) => id));
  return (kind, id) => {
    switch (kind) {
      case "receiver":
        return receivers.has(id);
      case "processor":
        return processors.has(id);
      case "exporter":
        return exporters.has(id);
      case "connector":
        return receivers.has(id) || exporters.has(id);
      case "extension":
        return started.has(id);
    }
  };
}
