import { PartialError, RetryableError } from "@dbintel/errors";
import { decodeExportResponse, encodeJson, logsBuilder, metricsBuilder, tracesBuilder } from "@dbintel/pdata";
import { Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { exportLogs, Sender, startGrpc } from "./grpc.ts";
import { json, post, startReceiver } from "./receiver.ts";

const logs = (...bodies: readonly string[]) => {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "" });
  for (const body of bodies) builder.record({ body });
  return builder.build();
};
// Requests with one item each, whose time is a varint, which it must not be. Requests are joined by concatenation.
const badRecord = Uint8Array.of(0x0a, 6, 0x12, 4, 0x12, 2, 0x08, 1);
const badSpan = Uint8Array.of(0x0a, 6, 0x12, 4, 0x12, 2, 0x38, 1);
const badPoint = Uint8Array.of(0x0a, 10, 0x12, 8, 0x12, 6, 0x2a, 4, 0x0a, 2, 0x18, 1);
const mixed = Buffer.concat([logs("a", "b").encode(), badRecord, logs("c").encode(), badRecord]);
const message =
  "malformed items were left out: 2; the first is in log record 3: " +
  `field timeUnixNano of LogRecord with wire type 0 at byte ${logs("a", "b").byteSize + 6}`;

const bodies = (sink: Sink<"logs">) => sink.batches.flatMap((batch) => Array.from(batch.records(), ({ body }) => body));

describe("a malformed record costs itself and not its batch", () => {
  it("over HTTP in protobuf", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    const reply = await post(receiver.port, { body: mixed });
    expect([reply.status, decodeExportResponse("logs", reply.body, "protobuf")]).toEqual([
      200,
      { partialSuccess: { rejected: 2n, errorMessage: message } },
    ]);
    expect(bodies(sink)).toEqual(["a", "b", "c"]);
    const { received, refused, dropped } = receiver.host.accounting.of("logs");
    expect([received, refused, [...dropped]]).toEqual([5, 0, [["malformed", 2]]]);
  });

  it("over HTTP in JSON, however deep it nests", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    const deep = `${'{"arrayValue":{"values":['.repeat(500)}{}${"]}}".repeat(500)}`;
    const text = encodeJson(logs("a", "?", "b")).replace('{"stringValue":"?"}', deep);
    const reply = await post(receiver.port, { headers: json, body: text });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body.toString())).toEqual({
      partialSuccess: {
        rejectedLogRecords: "1",
        errorMessage: expect.stringMatching(
          /^malformed items were left out: 1; the first is in log record 2: values nested deeper than 64 at byte \d+$/,
        ),
      },
    });
    expect(bodies(sink)).toEqual(["a", "b"]);
    const { received, dropped } = receiver.host.accounting.of("logs");
    expect([received, [...dropped]]).toEqual([3, [["malformed", 1]]]);
  });

  it("over gRPC", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startGrpc({ logs: sink });
    using sender = new Sender(receiver.port);
    const outcome = await sender.call(exportLogs, mixed);
    const answer = outcome.code === 0 && "body" in outcome ? outcome.body : Buffer.alloc(0);
    expect(decodeExportResponse("logs", answer, "protobuf")).toEqual({
      partialSuccess: { rejected: 2n, errorMessage: message },
    });
    expect(bodies(sink)).toEqual(["a", "b", "c"]);
    const { received, refused, dropped } = receiver.host.accounting.of("logs");
    expect([received, refused, [...dropped]]).toEqual([5, 0, [["malformed", 2]]]);
  });

  it("as do a span and a data point", async () => {
    const next = { metrics: new Sink<"metrics">(), traces: new Sink<"traces">() };
    await using receiver = await startReceiver(next);
    const points = [1n, 2n].map((value) => ({ timeUnixNano: 1n, value }));
    const metrics = metricsBuilder().gauge({ name: "db.connections" }, points).build().encode();
    const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", name: "SELECT" };
    const traces = tracesBuilder()
      .span({ ...span, startTimeUnixNano: 1n, endTimeUnixNano: 2n })
      .build()
      .encode();
    for (const [path, body, first] of [
      ["/v1/metrics", Buffer.concat([badPoint, metrics]), "the first is in metric 1: field timeUnixNano of NumberData"],
      ["/v1/traces", Buffer.concat([traces, badSpan]), "the first is in span 2: field startTimeUnixNano of Span"],
    ] as const) {
      const reply = await post(receiver.port, { path, body });
      expect(reply.status).toBe(200);
      expect(reply.body.toString()).toContain(`malformed items were left out: 1; ${first}`);
    }
    expect([next.metrics.items, next.traces.items]).toEqual([2, 1]);
    const { accounting } = receiver.host;
    expect([accounting.of("metrics").received, accounting.of("traces").received]).toEqual([3, 2]);
  });

  it("and is told with what the pipeline rejects", async () => {
    const sink = new Sink<"logs">();
    sink.failNext(new PartialError("too old", { rejected: 1 }));
    await using receiver = await startReceiver({ logs: sink });
    const reply = await post(receiver.port, { body: mixed });
    expect(decodeExportResponse("logs", reply.body, "protobuf")).toEqual({
      partialSuccess: { rejected: 3n, errorMessage: `${message}; too old` },
    });
  });
});

describe("a request is answered as a whole", () => {
  it("when the pipeline takes nothing of it: the sender has it all, and sends it all again", async () => {
    const sink = new Sink<"logs">();
    sink.failNext(new RetryableError("away"));
    await using receiver = await startReceiver({ logs: sink });
    expect((await post(receiver.port, { body: mixed })).status).toBe(503);
    const { received, refused, dropped } = receiver.host.accounting.of("logs");
    expect([received, refused, dropped.size]).toEqual([5, 5, 0]);
  });

  it.each<[string, Uint8Array | string, Readonly<Record<string, string>> | undefined]>([
    ["no item of it is sound", badRecord, undefined],
    ["it is cut off", mixed.subarray(0, -1), undefined],
    ["a resource is malformed", Buffer.concat([mixed, Uint8Array.of(0x0a, 4, 0x0a, 2, 0x08, 1)]), undefined],
    ["a resource is of another wire type", Buffer.concat([mixed, Uint8Array.of(0x08, 1)]), undefined],
    ["its JSON is cut off", encodeJson(logs("a", "b")).slice(0, -1), json],
    ["the JSON of an item is none", encodeJson(logs("a", "b")).replace('"b"', "b"), json],
  ])("when %s", async (_what, body, headers) => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    const reply = await post(receiver.port, { body, ...(headers && { headers }) });
    expect(reply.status).toBe(400);
    expect(sink.batches).toEqual([]);
    expect(receiver.host.accounting.of("logs").received).toBe(0);
  });
});
