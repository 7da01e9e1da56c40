import type { CollectorConfig, Diagnostic } from "@dbintel/config";
import { sections } from "@dbintel/config";
import type { ComponentDefinition } from "@dbintel/pipeline";
import { formatAddress, isLoopback } from "@dbintel/pipeline/listen";

/** Warns of every listener that other machines reach without TLS or authentication; `validate --strict` refuses them. */
export function exposedListeners(config: CollectorConfig<ComponentDefinition>): readonly Diagnostic[] {
  return [config.receivers, config.exporters, config.connectors, config.extensions].flatMap((components) =>
    [...components.values()].flatMap(({ id, definition, config: settings, position }) =>
      (definition.listeners?.(settings) ?? [])
        .filter(({ address, guarded }) => !guarded && !isLoopback(address))
        .map(
          ({ address }): Diagnostic => ({
            severity: "warning",
            path: [sections[definition.kind], id],
            position,
            message: `listens on ${formatAddress(address)} without TLS or authentication`,
            hint: "bind it to localhost, or configure tls, so that only those who should can send to it or read from it",
          }),
        ),
    ),
  );
}
