import { PassThrough, Writable } from "node:stream";
import { type Batch, logsBuilder, metricsBuilder, tracesBuilder } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { debugConfig } from "../src/config.ts";
import { Debug } from "../src/debug.ts";
import { debug } from "../src/index.ts";

const never = new AbortController().signal;
const resource = { attributes: { "service.name": "orders" } };
const scope = { name: "dbintel", version: "1.0" };

const logs = () =>
  logsBuilder()
    .resource(resource)
    .scope(scope)
    .record({
      timeUnixNano: 1_700_000_000_000_000_001n,
      severityNumber: 10,
      eventName: "db.server.top_query",
      body: "slow query",
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      attributes: { "db.query.text": "SELECT 1", calls: 12n },
    })
    .record({ observedTimeUnixNano: 1_700_000_000_000_000_002n, severityText: "custom" })
    .build();

const metrics = () =>
  metricsBuilder()
    .resource(resource)
    .scope(scope)
    .sum({ name: "db.calls", unit: "{call}", description: "Calls", monotonic: true, temporality: "cumulative" }, [
      { timeUnixNano: 1_700_000_000_000_000_000n, startTimeUnixNano: 1n, value: 7n, attributes: { db: "shop" } },
    ])
    .gauge({ name: "db.load" }, [{ timeUnixNano: 1_700_000_000_000_000_000n, value: 0.25 }])
    .build();

const traces = () =>
  tracesBuilder()
    .resource(resource)
    .scope(scope)
    .span({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      name: "SELECT",
      kind: 3,
      startTimeUnixNano: 1_700_000_000_000_000_000n,
      endTimeUnixNano: 1_700_000_000_001_500_000n,
      statusCode: 2,
      statusMessage: "timeout",
      events: [{ timeUnixNano: 1_700_000_000_000_000_000n, name: "retry", attributes: { n: 1n } }],
      links: [{ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "00f067aa0ba902b7" }],
    })
    .build();

async function printed(config: z.input<typeof debugConfig>, ...batches: Batch[]): Promise<string> {
  const output = new PassThrough();
  const host = createTestHost();
  const exporter = new Debug({ config: debugConfig.parse(config), host, output });
  await exporter.start();
  for (const batch of batches) {
    if (batch.signal === "logs") await exporter.consumers.logs?.consume(batch, { signal: never });
    else if (batch.signal === "metrics") await exporter.consumers.metrics?.consume(batch, { signal: never });
    else await exporter.consumers.traces?.consume(batch, { signal: never });
    expect(host.accounting.of(batch.signal).sent).toBeGreaterThan(0);
  }
  await exporter.stop();
  return String(output.read() ?? "");
}

describe("verbosity", () => {
  it("basic prints a line for each batch", async () => {
    const batches = [logs(), metrics(), traces()];
    const bytes = batches.map(({ byteSize }) => byteSize);
    expect(await printed({}, ...batches)).toBe(
      [
        `logs resources=1 records=2 bytes=${bytes[0]}`,
        `metrics resources=1 points=2 bytes=${bytes[1]} metrics=2`,
        `traces resources=1 spans=1 bytes=${bytes[2]}`,
        "",
      ].join("\n"),
    );
  });

  it("normal prints a line for each item", async () => {
    const text = await printed({ verbosity: "normal" }, logs(), metrics(), traces());
    expect(text.replace(/bytes=\d+/g, "bytes=…")).toMatchInlineSnapshot(`
      "logs resources=1 records=2 bytes=…
        dbintel 1.0 {service.name=orders}
          2023-11-14T22:13:20.000000001Z INFO2 db.server.top_query "slow query" {db.query.text="SELECT 1" calls=12}
          2023-11-14T22:13:20.000000002Z custom {}
      metrics resources=1 points=2 bytes=… metrics=2
        dbintel 1.0 {service.name=orders}
          db.calls 7 {call} {db=shop}
          db.load 0.25 {}
      traces resources=1 spans=1 bytes=…
        dbintel 1.0 {service.name=orders}
          2023-11-14T22:13:20.000000000Z SELECT 0af7651916cd43dd8448eb211c80319c/b7ad6b7169203331 1.5 ms error {}
      "
    `);
  });

  it("detailed prints every field", async () => {
    const text = await printed({ verbosity: "detailed" }, logs(), metrics(), traces());
    expect(text.replace(/bytes=\d+/g, "bytes=…")).toMatchInlineSnapshot(`
      "logs resources=1 records=2 bytes=…
        resource
          - service.name: string orders
        scope     dbintel 1.0
        record #0
          time      2023-11-14T22:13:20.000000001Z
          observed  -
          severity  10 INFO2
          event     db.server.top_query
          body      "slow query"
          trace     0af7651916cd43dd8448eb211c80319c
          span      b7ad6b7169203331
          - db.query.text: string "SELECT 1"
          - calls: int 12
        record #1
          time      -
          observed  2023-11-14T22:13:20.000000002Z
          severity  custom
      metrics resources=1 points=2 bytes=… metrics=2
        resource
          - service.name: string orders
        scope     dbintel 1.0
        point #0
          metric    db.calls
          type      sum cumulative monotonic
          unit      {call}
          about     Calls
          start     1970-01-01T00:00:00.000000001Z
          time      2023-11-14T22:13:20.000000000Z
          value     7
          - db: string shop
        point #1
          metric    db.load
          type      gauge
          time      2023-11-14T22:13:20.000000000Z
          value     0.25
      traces resources=1 spans=1 bytes=…
        resource
          - service.name: string orders
        scope     dbintel 1.0
        span #0
          name      SELECT
          trace     0af7651916cd43dd8448eb211c80319c
          span      b7ad6b7169203331
          kind      client
          start     2023-11-14T22:13:20.000000000Z
          end       2023-11-14T22:13:20.001500000Z
          status    error timeout
          event     2023-11-14T22:13:20.000000000Z retry
            - n: int 1
          link      0af7651916cd43dd8448eb211c80319c/00f067aa0ba902b7
      "
    `);
  });
});

describe("sampling", () => {
  it("counts batches that are not printed as sent", async () => {
    const text = await printed({ sampling_initial: 1, sampling_thereafter: 0 }, logs(), logs(), metrics());
    expect(text.split("\n").map((line) => line.split(" ")[0])).toEqual(["logs", "metrics", ""]);
  });
});

describe("the output", () => {
  it("slows the pipeline down when it is slow", async () => {
    let release = () => {};
    const output = new Writable({
      write: (_chunk, _encoding, done) => {
        release = done;
      },
    });
    const host = createTestHost();
    const exporter = new Debug({ config: debugConfig.parse({}), host, output });
    const call = exporter.consumers.logs?.consume(logs(), { signal: never });
    expect(host.accounting.of("logs").sent).toBe(0);
    release();
    await call;
    expect(host.accounting.of("logs").sent).toBe(2);
  });

  it("refuses batches when too much text waits", async () => {
    const output = new Writable({ write: () => {} });
    const host = createTestHost();
    const exporter = new Debug({ config: debugConfig.parse({ verbosity: "normal" }), host, output });
    const large = logsBuilder().resource(resource).scope(scope);
    const batch = large.record({ body: "x".repeat(17 * 2 ** 20) }).build();
    void exporter.consumers.logs?.consume(batch, { signal: never });
    await expect(exporter.consumers.logs?.consume(logs(), { signal: never })).rejects.toMatchObject({
      kind: "refused",
      code: "DBI_QUEUE_FULL",
    });
  });

  it("gives the batch back when nobody reads any more", async () => {
    const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error("EPIPE")) });
    const host = createTestHost();
    const exporter = new Debug({ config: debugConfig.parse({}), host, output });
    await exporter.start();
    await expect(exporter.consumers.logs?.consume(logs(), { signal: never })).rejects.toMatchObject({
      kind: "retryable",
      message: "cannot print to stdout: EPIPE",
    });
    await exporter.stop();
    expect(output.listenerCount("error")).toBe(0);
  });

  it("is a standard stream", () => {
    const { definition, config } = debug({ output: "stderr" });
    const exporter = definition.create({ id: "debug", config, host: createTestHost() });
    expect(Object.keys(exporter.consumers)).toEqual(["logs", "metrics", "traces"]);
  });
});
