import { describe } from "vitest";
import { otelcolAvailable } from "./otelcol.ts";

/** A suite that needs the OpenTelemetry Collector as the other side; skipped by name where it has not been built. */
export function describeOtelcol(name: string, suite: () => void): void {
  describe.skipIf(!otelcolAvailable())(`${name} [OpenTelemetry Collector]`, suite);
}
