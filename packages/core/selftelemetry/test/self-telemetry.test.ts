import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeJson, logsBuilder } from "@dbintel/pdata";
import { createPipeline, systemEnvironment } from "@dbintel/pipeline";
import { FakeClock, Sink, seededRandom } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { startSelfTelemetry, telemetrySchema } from "../src/index.ts";

const prometheus = (settings: object = {}) => ({ pull: { exporter: { prometheus: { port: 0, ...settings } } } });

async function started(metrics: object, resource: Record<string, string | null> = {}) {
  const lines: string[] = [];
  const clock = new FakeClock();
  const telemetry = await startSelfTelemetry({
    config: telemetrySchema.parse({ metrics, resource }),
    build: { name: "dbintel", version: "1.2.3" },
    clock,
    random: seededRandom(7),
    output: { write: (text) => lines.push(text) },
  });
  const scrape = async () => (await fetch(`http://${telemetry.endpoints[0]}/metrics`)).text();
  return { telemetry, lines, clock, scrape };
}

function logs(size: number) {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (let index = 0; index < size; index++) builder.record({ body: index === 0 ? "noise" : "text" });
  return builder.build();
}

/** The samples of a scrape by name and labels. */
function samples(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
}

describe("own metrics as Prometheus text", () => {
  it("show the ledgers under the names of the OpenTelemetry Collector and under ours", async () => {
    const { telemetry, scrape } = await started({ readers: [prometheus()] });
    const sink = new Sink<"logs">();
    const pipeline = createPipeline({ exporter: { logs: sink }, host: systemEnvironment(telemetry) });
    telemetry.observe(() => pipeline.accounting());
    const place = 'kind="exporter",id="output",signal="logs"';
    await pipeline.start();
    // Before the first record the counters are there and 0, so that a rate sees the first one.
    expect(samples(await scrape()).get('otelcol_exporter_sent_log_records{exporter="output"}')).toBe(0);
    await pipeline.logs.consume(logs(3));
    sink.failNext(Object.assign(new Error("x"), { name: "AbortError" }));
    await expect(pipeline.logs.consume(logs(2))).rejects.toThrow("x");
    const found = samples(await scrape());
    expect(Object.fromEntries(found)).toMatchObject({
      'otelcol_receiver_accepted_log_records{receiver="input"}': 3,
      'otelcol_receiver_refused_log_records{receiver="input"}': 2,
      'otelcol_exporter_sent_log_records{exporter="output"}': 3,
      'otelcol_exporter_send_failed_log_records{exporter="output"}': 0,
      [`dbintel_component_received_items{${place}}`]: 5,
      [`dbintel_component_sent_items{${place}}`]: 3,
      [`dbintel_component_refused_items{${place}}`]: 2,
      [`dbintel_component_held_items{${place}}`]: 0,
      'dbintel_component_status{kind="exporter",id="output",state="ok"}': 1,
    });
    await pipeline.stop();
    await telemetry.stop();
  });

  it("are served as the OpenTelemetry Collector does by default: no _total, no units, no scope", async () => {
    const { telemetry, scrape, clock } = await started({ readers: [prometheus()] });
    telemetry.meter.createCounter("test_requests", { unit: "{request}" }).add(2, { code: 200 });
    await clock.advance(1500);
    const text = await scrape();
    expect(text).toContain('# TYPE test_requests counter\ntest_requests{code="200"} 2\n');
    expect(text).toContain("# TYPE otelcol_process_uptime counter\notelcol_process_uptime 1.5\n");
    expect(text).toContain("# TYPE otelcol_process_memory_rss gauge\n");
    expect(text).toMatch(
      /^target_info\{service_name="dbintel",service_version="1\.2\.3",service_instance_id="[0-9a-f-]{36}"\} 1$/m,
    );
    expect(text).not.toMatch(/_total|otel_scope|# UNIT/);
    const names = ["otelcol_process_cpu_seconds", "otelcol_process_runtime_heap_alloc_bytes"];
    for (const name of names) expect(samples(text).get(name), name).toBeGreaterThan(0);
    expect(samples(text).get('dbintel_event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
    await telemetry.stop();
  });

  it("have suffix and scope where the configuration wants them", async () => {
    const { telemetry, scrape } = await started({
      readers: [prometheus({ without_type_suffix: false, without_scope_info: false })],
    });
    const text = await scrape();
    expect(text).toMatch(/^otelcol_process_uptime_total\{otel_scope_name="dbintel",otel_scope_version="1\.2\.3"\} 0$/m);
    await telemetry.stop();
  });

  it("carry the configured resource", async () => {
    const { telemetry, scrape } = await started(
      { readers: [prometheus()] },
      { "service.name": "edge", "service.instance.id": null, region: "eu" },
    );
    expect(await scrape()).toContain('target_info{service_name="edge",service_version="1.2.3",region="eu"} 1');
    await telemetry.stop();
  });

  it("show which state a component is in, and no longer the one that it has left", async () => {
    const { telemetry, scrape } = await started({ readers: [prometheus()] });
    const pipeline = createPipeline({ exporter: { logs: new Sink<"logs">() }, host: telemetry });
    const forget = telemetry.observe(() => pipeline.accounting());
    const states = async () =>
      [...samples(await scrape())]
        .filter(([name, value]) => name.startsWith('dbintel_component_status{kind="exporter"') && value === 1)
        .map(([name]) => /state="(\w+)"/.exec(name)?.[1]);
    expect(await states()).toEqual(["starting"]);
    await pipeline.start();
    expect(await states()).toEqual(["ok"]);
    await pipeline.stop();
    expect(await states()).toEqual(["stopped"]);
    forget();
    await pipeline.start();
    expect(await states()).toEqual(["stopped"]);
    await pipeline.stop();
    await telemetry.stop();
  });

  it("are at /metrics and nowhere else, until the end", async () => {
    const { telemetry } = await started({ readers: [prometheus()] });
    const response = await fetch(`http://${telemetry.endpoints[0]}/`);
    expect(response.status).toBe(404);
    const metrics = await fetch(`http://${telemetry.endpoints[0]}/metrics?x=1`);
    expect(metrics.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    await telemetry.stop();
    await expect(fetch(`http://${telemetry.endpoints[0]}/metrics`)).rejects.toThrow("fetch failed");
  });

  it("say what to do when the port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    await expect(started({ readers: [prometheus({ port })] })).rejects.toMatchObject({
      code: "DBI_LISTEN",
      message: `cannot listen on localhost:${port}: EADDRINUSE`,
      hint: expect.stringContaining("set service.telemetry.metrics.level to none"),
    });
    taken.close();
    await once(taken, "close");
  });

  it("are off where the level is none", async () => {
    const { telemetry } = await started({ level: "none" });
    expect(telemetry.endpoints).toEqual([]);
    telemetry.meter.createCounter("x").add(1);
    telemetry.observe(() => [])();
    await telemetry.stop();
  });
});

describe("own metrics as OTLP", () => {
  interface Received {
    readonly url: string | undefined;
    readonly headers: IncomingHttpHeaders;
    readonly body: Buffer;
  }

  /** A real receiver of OTLP/HTTP that answers with the given status. */
  async function backend(status: number) {
    const requests: Received[] = [];
    const server = createServer((request, response) => {
      const body: Buffer[] = [];
      request.on("data", (chunk: Buffer) => body.push(chunk));
      request.on("end", () => {
        requests.push({ url: request.url, headers: request.headers, body: Buffer.concat(body) });
        response.writeHead(status, { "content-type": "application/json" }).end("{}");
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const close = async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    };
    return { requests, endpoint: `http://127.0.0.1:${port}`, close };
  }

  const periodic = (endpoint: string) => ({
    periodic: { interval: "1h", exporter: { otlp: { endpoint, headers: { "api-key": "hunter2" } } } },
  });

  it("are sent at the end, with the headers and the last counts", async () => {
    const { requests, endpoint, close } = await backend(200);
    const { telemetry } = await started({ readers: [periodic(endpoint)] });
    telemetry.meter.createCounter("test_requests").add(5);
    await telemetry.stop();
    expect(requests.map(({ url, headers }) => [url, headers["api-key"]])).toEqual([["/v1/metrics", "hunter2"]]);
    const batch = decodeJson("metrics", requests[0]?.body ?? Buffer.alloc(0));
    const values = new Map<string, bigint | number | undefined>();
    for (const point of batch.points()) values.set(point.metric.name, point.value);
    expect(Number(values.get("test_requests"))).toBe(5);
    expect(values.has("otelcol_process_uptime")).toBe(true);
    await close();
  });

  it("are reported in the log when they cannot be sent, without the key", async () => {
    const { endpoint, close } = await backend(400);
    const { telemetry, lines } = await started({ readers: [periodic(`${endpoint}/custom`)] });
    await telemetry.stop();
    expect(lines.filter((line) => line.includes("own metrics were not sent"))).toHaveLength(1);
    expect(lines.join("")).toContain(`endpoint=${endpoint}/custom`);
    expect(lines.join("")).toContain(
      'error="the endpoint answered 400: Bad Request" code=DBI_UNAVAILABLE hint="check the endpoint',
    );
    expect(lines.join("")).not.toContain("hunter2");
    await close();
  });

  it("are reported with what to do when nobody answers, without the query and without a stack", async () => {
    // Port 1, of a service that is run no more: no program is given it as a free one.
    const { telemetry, lines } = await started({ readers: [periodic("http://127.0.0.1:1/custom?key=hunter2")] });
    await telemetry.stop();
    expect(lines.join("")).toMatch(
      /own metrics were not sent endpoint=http:\S+\/custom error="connect ECONNREFUSED 127[\d.:]+" code=DBI_UNAVAILABLE hint="nothing listens there/,
    );
    expect(lines.join("")).not.toMatch(/hunter2|stack/);
  });
});
