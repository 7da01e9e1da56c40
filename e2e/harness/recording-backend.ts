import { type JsonBackend, startJsonBackend } from "./json-backend.ts";
import { logRecords, metricNames, type ReceivedRecord } from "./otlp-json.ts";

/** An OTLP/HTTP backend that takes JSON and remembers what came. */
export interface RecordingBackend extends JsonBackend {
  readonly records: readonly ReceivedRecord[];
  /** The bodies of all requests. */
  readonly bodies: readonly unknown[];
  /** How many requests carried each metric. */
  readonly metrics: ReadonlyMap<string, number>;
}

export async function startRecordingBackend(): Promise<RecordingBackend> {
  const records: ReceivedRecord[] = [];
  const bodies: unknown[] = [];
  const metrics = new Map<string, number>();
  const backend = await startJsonBackend(({ path, body }, response) => {
    bodies.push(body);
    if (path === "/v1/logs") records.push(...logRecords([body]));
    if (path === "/v1/metrics") {
      for (const name of metricNames([body])) metrics.set(name, (metrics.get(name) ?? 0) + 1);
    }
    response.end("{}");
  });
  return { ...backend, records, bodies, metrics };
}
