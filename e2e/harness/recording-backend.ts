import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { logRecords, metricNames, type ReceivedRecord } from "./otlp-json.ts";

/** An OTLP/HTTP backend that takes JSON and remembers what came. */
export interface RecordingBackend extends AsyncDisposable {
  readonly endpoint: string;
  readonly records: readonly ReceivedRecord[];
  /** How many requests carried each metric. */
  readonly metrics: ReadonlyMap<string, number>;
}

export async function startRecordingBackend(): Promise<RecordingBackend> {
  const records: ReceivedRecord[] = [];
  const metrics = new Map<string, number>();
  const take = async (request: IncomingMessage) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    if (request.url === "/v1/logs") records.push(...logRecords([body]));
    else for (const name of metricNames([body])) metrics.set(name, (metrics.get(name) ?? 0) + 1);
  };
  const server = createServer((request, response) => {
    take(request).then(
      () => response.writeHead(200, { "content-type": "application/json" }).end("{}"),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    records,
    metrics,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
