import type { Batch, Signal } from "@dbintel/pdata";
import { createTestHost, Sink, type TestHost } from "@dbintel/pipeline/testing";
import { nrErrorMonitorConfig } from "../src/config.ts";
import { NrErrorMonitor } from "../src/nr-error-monitor.ts";

export const context = { signal: new AbortController().signal };

/** A processor of a pipeline of `signal`, running, with what it passes on. */
export async function running(settings: object, options: { readonly signal?: Signal; readonly host?: TestHost } = {}) {
  const { signal = "metrics", host = createTestHost() } = options;
  const next = new Sink<Signal>();
  const config = nrErrorMonitorConfig.parse({ entity_attributes: [], ...settings });
  const part = new NrErrorMonitor({ id: "nr_error_monitor", config, host, signal, next });
  await part.start();
  const send = (batch: Batch) => part.consume(batch, context);
  return { host, part, next, send, config };
}

/** The log records that a processor passed on or made, each by its event and its attributes. */
export function eventsOf(
  batches: readonly Batch[],
): readonly { name: string; body: unknown; [attribute: string]: unknown }[] {
  return batches.flatMap((batch) =>
    batch.signal !== "logs"
      ? []
      : Array.from(batch.records(), ({ eventName, body, attributes }) => ({
          name: eventName,
          body,
          ...Object.fromEntries(attributes.entries()),
        })),
  );
}
