import { randomBytes } from "node:crypto";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { PartialError, PermanentError, RefusedError, RetryableError } from "@dbintel/errors";
import { encodeJson, logsBuilder, metricsBuilder, tracesBuilder } from "@dbintel/pdata";
import { Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { json, post, protobuf, raw, startReceiver } from "./receiver.ts";

const logs = logsBuilder()
  .resource({ attributes: { "service.name": "shop" } })
  .scope({ name: "test" })
  .record({ body: "first", timeUnixNano: 1_700_000_000_000_000_001n })
  .record({ body: "second", attributes: { "db.system.name": "postgresql" } })
  .build();
const metrics = metricsBuilder()
  .resource({ attributes: {} })
  .scope({ name: "test" })
  .gauge({ name: "db.connections" }, [{ timeUnixNano: 1n, value: 7n }])
  .build();
const traces = tracesBuilder()
  .resource({ attributes: {} })
  .scope({ name: "test" })
  .span({
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    name: "SELECT",
    startTimeUnixNano: 1n,
    endTimeUnixNano: 2n,
  })
  .build();

describe("what is taken", () => {
  it("is a protobuf request, byte by byte, answered with an empty response", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    const reply = await post(receiver.port, { body: logs.encode() });
    expect([reply.status, reply.headers["content-type"], reply.body.length]).toEqual([
      200,
      "application/x-protobuf",
      0,
    ]);
    expect(Buffer.from(sink.batches[0]?.encode() ?? []).equals(logs.encode())).toBe(true);
    expect(receiver.host.accounting.of("logs")).toMatchObject({ received: 2, refused: 0 });
  });

  it("is a JSON request, answered in JSON", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    const headers = { "content-type": "application/json; charset=utf-8" };
    const reply = await post(receiver.port, { headers, body: encodeJson(logs) });
    expect([reply.status, reply.headers["content-type"], reply.body.toString()]).toEqual([
      200,
      "application/json",
      "{}",
    ]);
    expect(Array.from(sink.batches[0]?.records() ?? [], ({ body }) => body)).toEqual(["first", "second"]);
  });

  it("comes for every signal on its own path", async () => {
    const next = { logs: new Sink<"logs">(), metrics: new Sink<"metrics">(), traces: new Sink<"traces">() };
    await using receiver = await startReceiver(next, { traces_url_path: "/otlp/spans" });
    for (const [path, batch] of [
      ["/v1/logs", logs],
      ["/v1/metrics?tenant=a", metrics],
      ["/otlp/spans", traces],
    ] as const) {
      expect((await post(receiver.port, { path, body: batch.encode() })).status).toBe(200);
      expect((await post(receiver.port, { path, headers: json, body: encodeJson(batch) })).status).toBe(200);
    }
    expect([next.logs.items, next.metrics.items, next.traces.items]).toEqual([4, 2, 2]);
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["zstd", zstdCompressSync],
  ])("may be compressed with %s", async (encoding, compress) => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    const large = logsBuilder().resource({ attributes: {} }).scope({ name: "" });
    for (let index = 0; index < 5000; index++) large.record({ body: randomBytes(50).toString("hex") });
    for (const batch of [logs, large.build()]) {
      const headers = { ...protobuf, "content-encoding": encoding };
      const reply = await post(receiver.port, { headers, body: compress(batch.encode()) });
      expect([reply.status, reply.body.toString()]).toEqual([200, ""]);
    }
    expect(sink.items).toBe(5002);
  });

  it("may come in chunks", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    const body = logs.encode();
    const chunk = (bytes: Uint8Array) =>
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
    const answer = await raw(
      receiver.port,
      "POST /v1/logs HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n\r\n",
      chunk(body.subarray(0, 10)),
      chunk(body.subarray(10)),
      "0\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(sink.items).toBe(2);
  });

  it("may wait for an invitation to send the body", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    const reply = await post(receiver.port, { headers: { ...protobuf, expect: "100-continue" }, body: logs.encode() });
    expect(reply.status).toBe(200);
    expect(sink.items).toBe(2);
  });

  it.each([
    ["no bytes", protobuf, ""],
    ["no bytes, said to be compressed", { ...protobuf, "content-encoding": "gzip" }, ""],
    ["an empty resource", protobuf, "\x0a\x00"],
    ["an empty object", json, "{}"],
  ])("may hold nothing: %s", async (_what, headers, body) => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    expect((await post(receiver.port, { headers, body })).status).toBe(200);
    expect(sink.batches).toHaveLength(0);
  });
});

/** The `google.rpc.Status` of a JSON answer. */
const status = (code: number, message: unknown) => ({ code, message });

describe("what is not taken", () => {
  const cases: readonly (readonly [string, Parameters<typeof post>[1], number, unknown])[] = [
    [
      "a method that is not POST",
      { method: "PUT", headers: json },
      405,
      status(12, "method PUT is not allowed; use POST"),
    ],
    [
      "a path that is not served",
      { path: "/v1/other", headers: json },
      404,
      status(12, "nothing is served at /v1/other"),
    ],
    [
      "a signal without a pipeline",
      { path: "/v1/traces", headers: json },
      404,
      status(12, "no traces pipeline uses this receiver"),
    ],
    [
      "another content type",
      { headers: { "content-type": "text/plain" } },
      415,
      status(3, "the Content-Type is not supported; use application/x-protobuf or application/json"),
    ],
    [
      "another content encoding",
      { headers: { ...json, "content-encoding": "br" } },
      415,
      status(3, "the Content-Encoding is not supported; use one of gzip, deflate, zstd"),
    ],
    ["a text that is not JSON", { headers: json, body: "{" }, 400, status(3, expect.stringMatching(/./))],
    [
      "JSON that is not OTLP",
      { headers: json, body: '{"resourceLogs":7}' },
      400,
      status(3, expect.stringMatching(/./)),
    ],
    [
      "a body that is not gzip",
      { headers: { ...json, "content-encoding": "gzip" }, body: "plain" },
      400,
      status(3, "the body is not valid gzip: incorrect header check"),
    ],
  ];

  it.each(cases)("is answered: %s", async (_what, options, expected, body) => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    const reply = await post(receiver.port, options);
    expect(reply.status).toBe(expected);
    expect(reply.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(reply.body.toString())).toEqual(body);
    expect(sink.batches).toHaveLength(0);
  });

  it("is answered in protobuf when it was protobuf, with the offset of the first wrong byte", async () => {
    await using receiver = await startReceiver({ logs: new Sink<"logs">() });
    const body = logs.encode();
    const reply = await post(receiver.port, { body: body.subarray(0, body.length - 3) });
    expect([reply.status, reply.headers["content-type"]]).toEqual([400, "application/x-protobuf"]);
    // google.rpc.Status: field 1 (varint) code, field 2 (string) message.
    expect([...reply.body.subarray(0, 3)]).toEqual([0x08, 3, 0x12]);
    expect(reply.body.subarray(4).toString()).toMatch(/\d/);
  });

  it("names what would do in the headers", async () => {
    await using receiver = await startReceiver({ logs: new Sink<"logs">() });
    expect((await post(receiver.port, { method: "GET" })).headers.allow).toBe("POST");
    const encoding = await post(receiver.port, { headers: { ...protobuf, "content-encoding": "br" } });
    expect(encoding.headers["accept-encoding"]).toBe("gzip, deflate, zstd");
  });
});

describe("what the pipeline answers", () => {
  it.each([
    [new RefusedError("short of memory", { code: "DBI_MEMORY_LIMIT", delayMs: 1000 }), 429, 8, "1"],
    [new RefusedError("full", { code: "DBI_QUEUE_FULL", delayMs: 1500 }), 429, 8, "2"],
    [new RefusedError("pressed"), 503, 14, "1"],
    [new RetryableError("away", { delayMs: 5000 }), 503, 14, "5"],
    [new RetryableError("away"), 503, 14, undefined],
    [new PermanentError("never"), 500, 13, undefined],
    [new PermanentError("bad key", { httpStatus: 403 }), 403, 7, undefined],
    [new TypeError("a defect"), 500, 13, undefined],
  ])("becomes a status: %s", async (error, expected, code, retryAfter) => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    sink.failNext(error);
    const reply = await post(receiver.port, { headers: json, body: encodeJson(logs) });
    expect([reply.status, reply.headers["retry-after"]]).toEqual([expected, retryAfter]);
    expect(JSON.parse(reply.body.toString())).toEqual(status(code, error.message));
    expect(receiver.host.accounting.of("logs")).toMatchObject({ received: 2, refused: 2 });
  });

  it("becomes partial success when only some items were rejected", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    const error = () => new PartialError("too old", { rejected: 1 });
    sink.failNext(error(), error());
    const inJson = await post(receiver.port, { headers: json, body: encodeJson(logs) });
    expect(inJson.status).toBe(200);
    expect(JSON.parse(inJson.body.toString())).toEqual({
      partialSuccess: { rejectedLogRecords: "1", errorMessage: "too old" },
    });
    const inProtobuf = await post(receiver.port, { body: logs.encode() });
    expect(inProtobuf.status).toBe(200);
    // ExportLogsServiceResponse.partial_success (1) { rejected_log_records (1) = 1, error_message (2) = "too old" }
    expect(inProtobuf.body.toString("latin1")).toBe("\x0a\x0b\x08\x01\x12\x07too old");
    expect(receiver.host.accounting.of("logs")).toMatchObject({ received: 4, refused: 0 });
  });
});
