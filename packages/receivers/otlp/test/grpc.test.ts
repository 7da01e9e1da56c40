import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { PartialError, PermanentError, RefusedError, RetryableError } from "@dbintel/errors";
import { decodeExportResponse, decodeRpcStatus, logsBuilder } from "@dbintel/pdata";
import { Sink } from "@dbintel/pipeline/testing";
import { compressionAlgorithms, credentials } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { exportLogs, exportMetrics, Sender, startGrpc } from "./grpc.ts";
import { Gate } from "./receiver.ts";

const cert_file = fileURLToPath(new URL("fixtures/localhost.crt", import.meta.url));
const key_file = fileURLToPath(new URL("fixtures/localhost.key", import.meta.url));

const logs = (body: string) =>
  logsBuilder().resource({ attributes: {} }).scope({ name: "" }).record({ body }).build().encode();
const body = logs("x");
const gzip = { "grpc.default_compression_algorithm": compressionAlgorithms.gzip };
const unlimited = { "grpc.max_send_message_length": -1 };

describe("a call", () => {
  it("is answered when the pipeline has taken the data", async () => {
    const gate = new Gate();
    await using receiver = await startGrpc({ logs: gate });
    using sender = new Sender(receiver.port);
    const call = sender.call(exportLogs, body);
    await gate.arrived(1);
    expect(receiver.host.accounting.of("logs")).toMatchObject({ received: 1, refused: 0 });
    gate.open();
    expect(await call).toEqual({ code: 0, body: Buffer.alloc(0) });
  });

  it("may be compressed", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startGrpc({ logs: sink });
    using sender = new Sender(receiver.port, credentials.createInsecure(), gzip);
    expect(await sender.call(exportLogs, logs("x".repeat(10_000)))).toMatchObject({ code: 0 });
    expect(sink.items).toBe(1);
  });

  it("without items succeeds and reaches no pipeline", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startGrpc({ logs: sink });
    using sender = new Sender(receiver.port);
    expect(await sender.call(exportLogs, new Uint8Array(0))).toMatchObject({ code: 0 });
    expect(sink.batches).toEqual([]);
  });

  it("tells how much was rejected of what was taken in part", async () => {
    const sink = new Sink<"logs">();
    sink.failNext(new PartialError("one was wrong", { rejected: 1 }));
    await using receiver = await startGrpc({ logs: sink });
    using sender = new Sender(receiver.port);
    const outcome = await sender.call(exportLogs, body);
    const answer = outcome.code === 0 && "body" in outcome ? outcome.body : Buffer.alloc(0);
    expect(decodeExportResponse("logs", answer, "protobuf")).toEqual({
      partialSuccess: { rejected: 1n, errorMessage: "one was wrong" },
    });
  });

  it.each([
    ["a full queue", new RefusedError("full", { code: "DBI_QUEUE_FULL", delayMs: 2500 }), 8, 2500],
    ["back-pressure", new RefusedError("busy"), 14, 1000],
    ["a destination that is away", new RetryableError("away"), 14, undefined],
    ["a wrong key", new PermanentError("no", { httpStatus: 403 }), 7, undefined],
    ["a defect", new Error("secret of the machine"), 13, undefined],
  ])("is answered by what the pipeline says: %s", async (_what, error, code, retryDelayMs) => {
    const sink = new Sink<"logs">();
    sink.failNext(error);
    await using receiver = await startGrpc({ logs: sink });
    using sender = new Sender(receiver.port);
    const outcome = await sender.call(exportLogs, body);
    expect(outcome).toMatchObject({ code, message: error.message });
    const details = "details" in outcome && outcome.details ? decodeRpcStatus(outcome.details, "protobuf") : {};
    expect(details).toEqual(retryDelayMs === undefined ? {} : { code, message: error.message, retryDelayMs });
    expect(receiver.host.accounting.of("logs")).toMatchObject({ received: 1, refused: 1 });
  });

  it("that is no OTLP is INVALID_ARGUMENT and names the byte", async () => {
    await using receiver = await startGrpc({ logs: new Sink<"logs">() });
    using sender = new Sender(receiver.port);
    expect(await sender.call(exportLogs, Uint8Array.of(0x0a, 5, 1))).toMatchObject({
      code: 3,
      message: expect.stringContaining("byte"),
    });
  });

  it("of a signal without a pipeline, or of no service, is UNIMPLEMENTED", async () => {
    await using receiver = await startGrpc({ logs: new Sink<"logs">() });
    using sender = new Sender(receiver.port);
    expect(await sender.call(exportMetrics, body)).toMatchObject({ code: 12 });
    expect(await sender.call("/some.Service/Method", body)).toMatchObject({ code: 12 });
  });

  it("that its sender gives up is given up by the pipeline", async () => {
    const gate = new Gate();
    await using receiver = await startGrpc({ logs: gate });
    using sender = new Sender(receiver.port);
    const patience = new AbortController();
    const call = sender.call(exportLogs, body, { signal: patience.signal });
    await gate.arrived(1);
    patience.abort();
    expect(await call).toMatchObject({ code: 1 });
    const [signal] = gate.signals;
    if (signal?.aborted === false) await once(signal, "abort");
    expect(signal?.aborted).toBe(true);
  });
});

describe("limits", () => {
  it.each([
    ["as it is sent", unlimited],
    ["once it is decompressed", { ...unlimited, ...gzip }],
  ])("a message that is larger %s is RESOURCE_EXHAUSTED, without a delay", async (_what, options) => {
    const sink = new Sink<"logs">();
    await using receiver = await startGrpc({ logs: sink }, { max_recv_msg_size_mib: 1 });
    using sender = new Sender(receiver.port, credentials.createInsecure(), options);
    const outcome = await sender.call(exportLogs, logs("x".repeat(2 ** 20)));
    expect(outcome).toMatchObject({ code: 8, details: undefined });
    expect(sink.items).toBe(0);
  });

  it("calls beyond max_concurrent_requests are UNAVAILABLE, and taken again afterwards", async () => {
    const gate = new Gate();
    await using receiver = await startGrpc({ logs: gate }, { max_concurrent_requests: 1 });
    using sender = new Sender(receiver.port);
    const first = sender.call(exportLogs, body);
    await gate.arrived(1);
    expect(await sender.call(exportLogs, body)).toMatchObject({ code: 14, message: /max_concurrent_requests/ });
    gate.open();
    expect(await first).toMatchObject({ code: 0 });
    const next = sender.call(exportLogs, body);
    await gate.arrived(2);
    gate.open();
    expect(await next).toMatchObject({ code: 0 });
  });

  it("messages beyond max_bytes_in_flight are UNAVAILABLE", async () => {
    const gate = new Gate();
    const bytes = `${1.5 * body.length}B` as const;
    await using receiver = await startGrpc({ logs: gate }, { max_bytes_in_flight: bytes });
    using sender = new Sender(receiver.port);
    const first = sender.call(exportLogs, body);
    await gate.arrived(1);
    expect(await sender.call(exportLogs, body)).toMatchObject({ code: 14, message: /max_bytes_in_flight/ });
    gate.open();
    expect(await first).toMatchObject({ code: 0 });
  });

  it("connections beyond max_connections are closed", async () => {
    await using receiver = await startGrpc({ logs: new Sink<"logs">() }, { max_connections: 1 });
    using sender = new Sender(receiver.port);
    expect(await sender.call(exportLogs, body)).toMatchObject({ code: 0 });
    const other = connect(receiver.port, "127.0.0.1");
    await once(other, "close");
  });

  it("bytes that are no HTTP/2 cost their own connection alone", async () => {
    await using receiver = await startGrpc({ logs: new Sink<"logs">() });
    using sender = new Sender(receiver.port);
    const other = connect(receiver.port, "127.0.0.1").on("error", () => {});
    other.write("GET / HTTP/1.1\r\n\r\n");
    other.resume();
    await once(other, "close");
    expect(await sender.call(exportLogs, body)).toMatchObject({ code: 0 });
  });
});

describe("tls", () => {
  it("serves over TLS, and asks for a client certificate when it knows whose to trust", async () => {
    const [cert, key] = await Promise.all([readFile(cert_file), readFile(key_file)]);
    const sink = new Sink<"logs">();
    const tls = { cert_file, key_file, client_ca_file: cert_file };
    await using receiver = await startGrpc({ logs: sink }, { tls });
    using known = new Sender(receiver.port, credentials.createSsl(cert, key, cert));
    expect(await known.call(exportLogs, body)).toMatchObject({ code: 0 });
    using stranger = new Sender(receiver.port, credentials.createSsl(cert));
    expect(await stranger.call(exportLogs, body, { deadlineMs: 5000 })).toMatchObject({
      code: expect.toBeOneOf([4, 14]),
    });
    expect(sink.items).toBe(1);
  });
});

describe("stop", () => {
  it("lets running calls finish and listens no more", async () => {
    const gate = new Gate();
    await using receiver = await startGrpc({ logs: gate });
    using sender = new Sender(receiver.port);
    const running = sender.call(exportLogs, body);
    await gate.arrived(1);
    const stopped = receiver.stop();
    const late = connect(receiver.port, "127.0.0.1");
    await expect(once(late, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    gate.open();
    expect(await running).toMatchObject({ code: 0 });
    await stopped;
    expect(receiver.host.clock.pendingTimers).toBe(0);
  });

  it("aborts at the deadline what is still running", async () => {
    const gate = new Gate();
    await using receiver = await startGrpc({ logs: gate });
    using sender = new Sender(receiver.port);
    const running = sender.call(exportLogs, body);
    await gate.arrived(1);
    const deadline = new AbortController();
    const stopped = receiver.stop(deadline.signal);
    deadline.abort(new Error("deadline"));
    await stopped;
    expect(gate.signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect((await running).code).not.toBe(0);
  });
});
