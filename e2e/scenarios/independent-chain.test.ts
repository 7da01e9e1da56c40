import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";
import { type OtelcolBackend, type OtelcolClient, startOtelcol, startOtelcolClient } from "../harness/otelcol.ts";
import { describeOtelcol } from "../harness/otelcol-suite.ts";

const signals = ["logs", "metrics", "traces"] as const;
const protocols = ["http", "grpc"] as const;
const requests = 10;
const recordsPerRequest = 20;
const deadline = { deadlineMs: 60_000 };

const attributes = (id: string) => [{ key: "id", value: { stringValue: id } }];
const nano = "1700000000000000001";

/** A request as another program would write it, with a record for each id. */
const requestOf = {
  logs: (ids: readonly string[]) => ({
    resourceLogs: [
      { scopeLogs: [{ logRecords: ids.map((id) => ({ timeUnixNano: nano, attributes: attributes(id) })) }] },
    ],
  }),
  metrics: (ids: readonly string[]) => {
    const dataPoints = ids.map((id) => ({ timeUnixNano: nano, asInt: "9007199254740993", attributes: attributes(id) }));
    return { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "a.metric", gauge: { dataPoints } }] }] }] };
  },
  traces: (ids: readonly string[]) => {
    const spans = ids.map((id, index) => ({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: (index + 1).toString(16).padStart(16, "0"),
      name: "a span",
      kind: 3,
      startTimeUnixNano: nano,
      endTimeUnixNano: nano,
      attributes: attributes(id),
    }));
    return { resourceSpans: [{ scopeSpans: [{ spans }] }] };
  },
} as const;

/** The ids of all records, wherever they are. */
function idsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(idsIn);
  if (typeof value !== "object" || value === null) return [];
  if ("key" in value && value.key === "id" && "value" in value) {
    const { value: inner } = value;
    if (typeof inner === "object" && inner !== null && "stringValue" in inner) return [String(inner.stringValue)];
  }
  return Object.values(value).flatMap(idsIn);
}

describeOtelcol("between an OTLP client and an OTLP receiver that are not ours", () => {
  let folder: string;
  let backend: OtelcolBackend;
  let client: OtelcolClient;
  let dbintel: DbintelProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-chain-"));
    backend = await startOtelcol(folder);
    const [http, grpc] = [await freePort(), await freePort()];
    const pipelines = signals.flatMap((signal) =>
      protocols.map(
        (protocol) => `    ${signal}/${protocol}: {receivers: [otlp/${protocol}], exporters: [otlp_${protocol}]}`,
      ),
    );
    const config = `yaml:
receivers:
  otlp/http: { protocols: { http: { endpoint: "127.0.0.1:${http}" } } }
  otlp/grpc: { protocols: { grpc: { endpoint: "127.0.0.1:${grpc}" } } }
exporters:
  otlp_http: { endpoint: "${backend.endpoint}" }
  otlp_grpc: { endpoint: "${backend.grpcEndpoint}", tls: { insecure: true } }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
${pipelines.join("\n")}
`;
    dbintel = new DbintelProcess(["run", "--config", config]);
    await eventually(
      "the collector is ready",
      () => {
        if (!dbintel.running) throw new Error(dbintel.stderr);
        return dbintel.stderr.includes("everything is ready") || undefined;
      },
      deadline,
    );
    client = await startOtelcolClient(folder, { http: `http://127.0.0.1:${http}`, grpc: `127.0.0.1:${grpc}` });
  });
  afterAll(async () => {
    await client?.[Symbol.asyncDispose]();
    await dbintel?.[Symbol.asyncDispose]();
    await backend?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(signals)("passes all %s on once, over HTTP and over gRPC, and nothing else", async (signal) => {
    const sent: string[] = [];
    for (const protocol of protocols) {
      for (let request = 0; request < requests; request++) {
        const ids = Array.from({ length: recordsPerRequest }, (_, record) => `${protocol} ${request} ${record}`);
        const answer = await fetch(`${client[protocol]}/v1/${signal}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(requestOf[signal](ids)),
        });
        expect(answer.status).toBe(200);
        sent.push(...ids);
      }
    }
    const arrived = await eventually(
      "all has arrived",
      async () => {
        const ids = idsIn(await backend.received(signal));
        return ids.length >= sent.length ? ids : undefined;
      },
      deadline,
    );
    expect(arrived.toSorted()).toEqual(sent.toSorted());
    if (signal === "metrics") expect(JSON.stringify(await backend.received(signal))).toContain('"9007199254740993"');
  });

  it("has a balanced account of it all", async () => {
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
  });
});
