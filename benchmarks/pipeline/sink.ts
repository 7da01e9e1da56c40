/**
 * The backend of the relay benchmark, a process of its own: takes OTLP/HTTP, counts records, and measures how old they
 * are by their time, which the load generator takes from the same monotonic clock.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { decodeLogs } from "@dbintel/pdata";

/** What the orchestrator asks. */
export type SinkCommand = "reset" | "report";

export interface SinkReport {
  readonly records: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const maxAges = 4_000_000;
let records = 0;
let ages: number[] = [];

function count(body: Buffer): void {
  const now = process.hrtime.bigint();
  const logs = decodeLogs(body);
  records += logs.count;
  for (const { timeUnixNano } of logs.records()) {
    if (timeUnixNano === 0n) return;
    if (ages.length < maxAges) ages.push(Number(now - timeUnixNano) / 1e6);
  }
}

/** The age that a share of the records is younger than; NaN when none told its time. */
function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

function report(): SinkReport {
  const sorted = Float64Array.from(ages).sort();
  return { records, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) };
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const sent = Buffer.concat(chunks);
    count(request.headers["content-encoding"] === "gzip" ? gunzipSync(sent, { chunkSize: 1 << 20 }) : sent);
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
});

process.on("message", (command: SinkCommand) => {
  if (command === "reset") {
    records = 0;
    ages = [];
  }
  process.send?.(report());
});
process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
