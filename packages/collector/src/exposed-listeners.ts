import type { CollectorConfig, Diagnostic, LoadedConfig } from "@dbintel/config";
import { formatHostPort, placeListeners, sections } from "@dbintel/config";
import type { ComponentDefinition } from "@dbintel/pipeline";
import { isLoopback } from "@dbintel/pipeline/listen";

/** Warns of every listener that other machines reach without TLS or authentication; `validate --strict` refuses them. */
export function exposedListeners(
  config: CollectorConfig<ComponentDefinition>,
  { root }: Pick<LoadedConfig, "root">,
): readonly Diagnostic[] {
  return [config.receivers, config.exporters, config.connectors, config.extensions].flatMap((components) =>
    [...components.values()].flatMap(({ id, definition, config: settings }) => {
      const listeners = definition.listeners?.(settings) ?? [];
      return placeListeners({ path: [sections[definition.kind], id], settings, listeners }, root)
        .filter(({ listener: { address, guarded } }) => !guarded && !isLoopback(address))
        .map(
          ({ listener: { address }, path, position }): Diagnostic => ({
            severity: "warning",
            path,
            position,
            message: `listens on ${formatHostPort(address)} without TLS or authentication`,
            hint: "bind it to localhost, or configure tls, so that only those who should can send to it or read from it",
          }),
        );
    }),
  );
}
