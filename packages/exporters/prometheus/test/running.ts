import { once } from "node:events";
import { request } from "node:http";
import { gunzipSync } from "node:zlib";
import { decodeJson, type Metrics } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { prometheus } from "../src/index.ts";

const never = new AbortController().signal;

/** A metric in OTLP/JSON. */
export interface JsonMetric {
  readonly name: string;
  readonly unit?: string;
  readonly description?: string;
  readonly gauge?: object;
  readonly sum?: object;
  readonly histogram?: object;
  readonly exponentialHistogram?: object;
  readonly summary?: object;
}

const attribute = ([key, value]: readonly [string, string]) => ({ key, value: { stringValue: value } });
export const attributes = (values: Readonly<Record<string, string>>) => Object.entries(values).map(attribute);

export function metrics(
  list: readonly JsonMetric[],
  resource: Readonly<Record<string, string>> = {},
  scope: { readonly name?: string; readonly version?: string } = {},
): Metrics {
  const request = {
    resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics: [{ scope, metrics: list }] }],
  };
  const batch = decodeJson("metrics", Buffer.from(JSON.stringify(request)));
  if (batch.signal !== "metrics") throw new Error("expected metrics");
  return batch;
}

/** A running exporter on a port of its own and a fake clock. */
export async function startExporter(
  settings: Parameters<typeof prometheus>[0] = {},
  extensions: ReadonlyMap<string, object> = new Map(),
) {
  const host = createTestHost({ extensions });
  const { definition, config } = prometheus({ endpoint: "127.0.0.1:0", ...settings });
  const exporter = definition.create({ id: "prometheus", config, host });
  await exporter.start({ signal: never });
  const port = Number(String(host.lines.at(-1)?.fields.endpoint).split(":").at(-1));
  const get = async (path = "/metrics", headers: Readonly<Record<string, string>> = {}, method = "GET") => {
    const outgoing = request({ host: "127.0.0.1", port, path, method, headers: { connection: "close", ...headers } });
    outgoing.end();
    const [incoming] = await once(outgoing, "response");
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const body = incoming.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
    return { status: Number(incoming.statusCode), headers: incoming.headers, body: body.toString() };
  };
  return {
    host,
    get,
    /** Drops are read from the batch, as the edge of a pipeline does. */
    send: async (batch: Metrics) => {
      await exporter.consumers.metrics?.consume(batch, { signal: never });
      return Object.fromEntries(batch.dropped);
    },
    stop: () => exporter.stop({ signal: never }),
    [Symbol.asyncDispose]: () => exporter.stop({ signal: never }),
  };
}
