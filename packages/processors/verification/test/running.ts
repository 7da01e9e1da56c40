import { type Batch, decodeJson, encodeJson, type Signal } from "@dbintel/pdata";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import type { z } from "zod";
import { verificationConfig } from "../src/config.ts";
import { Verification } from "../src/verification.ts";

export type Settings = z.input<typeof verificationConfig>;

/** A meter with the sum of each counter and the last value of each gauge, by name and labels. */
export function measuringMeter() {
  const values = new Map<string, number>();
  // The first label is the processor's own name.
  const keyOf = (name: string, labels: Readonly<Record<string, string>>) =>
    [name.replace("dbintel_verification_", ""), ...Object.values(labels).slice(1)].join(" ");
  const meter = Object.assign(createTestHost().meter, {
    createCounter: (name: string) => ({
      add(value: number, labels: Readonly<Record<string, string>>) {
        const key = keyOf(name, labels);
        values.set(key, (values.get(key) ?? 0) + value);
      },
    }),
    createGauge: (name: string) => ({
      record: (value: number, labels: Readonly<Record<string, string>>) => void values.set(keyOf(name, labels), value),
    }),
  });
  return { meter, values };
}

/** A processor at work: what goes out as OTLP/JSON, what was dropped, and what was counted. */
export function running(settings: Settings = {}) {
  const { meter, values: counted } = measuringMeter();
  const host = createTestHost({ meter });
  const sink = new Sink<Signal>();
  const config = verificationConfig.parse(settings);
  const processors = new Map<Signal, Verification<Signal>>();
  const processorOf = (signal: Signal) => {
    const processor =
      processors.get(signal) ?? new Verification({ id: "verification", config, host, signal, next: sink });
    processors.set(signal, processor);
    return processor;
  };
  const consume = async (batch: Batch) => {
    sink.batches.length = 0;
    await processorOf(batch.signal).consume(batch, { signal: new AbortController().signal });
    const [out] = sink.batches;
    return {
      out,
      text: out === undefined ? "" : Buffer.from(encodeJson(out)).toString(),
      dropped: Object.fromEntries(batch.dropped),
    };
  };
  return {
    counted,
    host,
    processor: processorOf("logs"),
    sink,
    consume,
    send: (signal: Signal, request: object) => consume(decodeJson(signal, Buffer.from(JSON.stringify(request)))),
  };
}

/** A request of log records. */
export function logs(records: readonly object[], resource: object = {}): object {
  return { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: "test" }, logRecords: records }] }] };
}

export const text = (value: string) => ({ stringValue: value });
export const attribute = (key: string, value: string | object) => ({
  key,
  value: typeof value === "string" ? text(value) : value,
});
