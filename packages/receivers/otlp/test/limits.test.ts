import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { decodeRpcStatus, logsBuilder } from "@dbintel/pdata";
import { type FakeClock, Sink, settle } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { contentTypes } from "../src/http/media-type.ts";
import { Gate, json, post, protobuf, raw, startReceiver } from "./receiver.ts";

const mib = 2 ** 20;

function logsOf(count: number, text = "x") {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (let index = 0; index < count; index++) builder.record({ body: text });
  return builder.build();
}

const head = (...lines: string[]) =>
  ["POST /v1/logs HTTP/1.1", "Host: a", "Content-Type: application/json", ...lines, "", ""].join("\r\n");

/** Lets I/O go on until a timer is due in so many milliseconds. */
async function untilTimer(clock: FakeClock, dueMs: number | undefined): Promise<void> {
  while (clock.nextTimerMs !== dueMs) await settle();
}

describe("the size of a body", () => {
  it("may be the limit and not a byte more, announced", async () => {
    const body = logsOf(10).encode();
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink }, { max_request_body_size: body.length });
    expect((await post(receiver.port, { body })).status).toBe(200);
    const reply = await post(receiver.port, { headers: json, body: Buffer.alloc(body.length + 1) });
    expect(reply.status).toBe(413);
    expect(JSON.parse(reply.body.toString())).toEqual({
      code: 8,
      message: `the body is larger than ${body.length} bytes, the limit of max_request_body_size`,
    });
  });

  it("is judged before the body is sent when the sender asks first", async () => {
    await using receiver = await startReceiver({ logs: new Sink<"logs">() }, { max_request_body_size: 1000 });
    const answer = raw(receiver.port, head("Content-Length: 1001", "Expect: 100-continue"));
    // Nothing of the body ever comes: the connection is cut off when the sender has had its time to read the answer.
    const { clock } = receiver.host;
    await untilTimer(clock, 2000);
    await clock.advance(2000);
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("is limited while chunks come, whose sum nobody announced", async () => {
    await using receiver = await startReceiver({ logs: new Sink<"logs">() }, { max_request_body_size: 64 * 1024 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const outgoing = request({
      host: "127.0.0.1",
      port: receiver.port,
      path: "/v1/logs",
      method: "POST",
      agent,
      headers: json,
    });
    for (let index = 0; index < 4; index++) outgoing.write(Buffer.alloc(mib));
    outgoing.end();
    const [incoming] = await once(outgoing, "response");
    expect(incoming.statusCode).toBe(413);
    incoming.resume();
    agent.destroy();
  });

  it("is limited after decompression too, and a bomb never unfolds", async () => {
    await using receiver = await startReceiver({ logs: new Sink<"logs">() }, { max_request_body_size: mib });
    const bomb = gzipSync(Buffer.alloc(128 * mib), { level: 9 });
    const before = process.memoryUsage().external;
    const reply = await post(receiver.port, { headers: { ...json, "content-encoding": "gzip" }, body: bomb });
    expect(reply.status).toBe(413);
    expect(process.memoryUsage().external - before).toBeLessThan(32 * mib);
  });
});

describe("what is under way at a time", () => {
  it("is bounded in requests", async () => {
    const gate = new Gate();
    await using receiver = await startReceiver({ logs: gate }, { max_concurrent_requests: 2 });
    const body = logsOf(1).encode();
    const running = [post(receiver.port, { body }), post(receiver.port, { body })];
    await gate.arrived(2);
    const third = await post(receiver.port, { headers: json, body: "{}" });
    expect([third.status, third.headers["retry-after"]]).toEqual([503, "1"]);
    gate.open();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await post(receiver.port, { headers: json, body: "{}" })).status).toBe(200);
  });

  it("is bounded in bytes, which are given back with the answer", async () => {
    const gate = new Gate();
    const body = logsOf(1000).encode();
    const settings = { max_request_body_size: body.length, max_bytes_in_flight: Math.round(body.length * 1.5) };
    await using receiver = await startReceiver({ logs: gate }, settings);
    const running = post(receiver.port, { body });
    await gate.arrived(1);
    const second = await post(receiver.port, { body });
    expect([second.status, second.headers["retry-after"]]).toEqual([503, "1"]);
    gate.open();
    expect((await running).status).toBe(200);
    const third = post(receiver.port, { body });
    await gate.arrived(2);
    gate.open();
    expect((await third).status).toBe(200);
  });

  it("serves two hundred clients at once", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink });
    const body = gzipSync(logsOf(50, "SELECT 1").encode());
    const headers = { ...protobuf, "content-encoding": "gzip" };
    const agent = new Agent({ keepAlive: true, maxSockets: 200 });
    const replies = await Promise.all(
      Array.from({ length: 1000 }, () => post(receiver.port, { headers, body, agent })),
    );
    agent.destroy();
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(sink.items).toBe(50_000);
    expect(receiver.host.accounting.of("logs").received).toBe(50_000);
  });
});

describe("senders that misbehave", () => {
  it("are answered 503 when the body does not come in time", async () => {
    await using receiver = await startReceiver({ logs: new Sink<"logs">() }, { read_timeout: "5s" });
    const answer = raw(receiver.port, head("Content-Length: 100"), "{");
    const { clock } = receiver.host;
    await untilTimer(clock, 5000);
    await clock.advance(5000);
    await untilTimer(clock, 2000);
    await clock.advance(2000);
    expect(await answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 1\r\n[\s\S]*limit of read_timeout/);
  });

  it("are cut off when their headers do not come in time", async () => {
    await using receiver = await startReceiver({ logs: new Sink<"logs">() }, { read_header_timeout: "100ms" });
    expect(await raw(receiver.port, "POST /v1/logs HTTP/1.1\r\nHost: a\r\nX-Slow: ")).toMatch(/^HTTP\/1\.1 408 /);
    expect(await raw(receiver.port)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.each([
    ["no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, 3],
    ["two lengths", head("Content-Length: 2", "Content-Length: 3"), 400, 3],
    ["a length and chunks", head("Content-Length: 2", "Transfer-Encoding: chunked"), 400, 3],
    ["a chunk that is none", `${head("Transfer-Encoding: chunked")}zz\r\n`, 400, 3],
    ["headers without end", head(`X-Long: ${"x".repeat(20_000)}`), 431, 8],
  ])("get an answer for %s, in the encoding that they name", async (_what, bytes, status, code) => {
    await using receiver = await startReceiver({ logs: new Sink<"logs">() });
    for (const encoding of ["json", "protobuf"] as const) {
      const sent = bytes.replace("application/json", contentTypes[encoding]);
      const [head = "", body = ""] = (await raw(receiver.port, sent)).split("\r\n\r\n", 2);
      const named = sent.includes(contentTypes[encoding]) ? encoding : "json";
      expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*Content-Type: ${contentTypes[named]}(?:\r|$)`, "i"));
      expect(decodeRpcStatus(Buffer.from(body, "latin1"), named)).toMatchObject({ code });
    }
  });

  it("leave no trace when they go away in the middle of the body", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink }, { max_concurrent_requests: 1 });
    for (let index = 0; index < 5; index++) {
      const socket = connect(receiver.port, "127.0.0.1");
      socket.write(head("Content-Length: 1000") + "{".repeat(100));
      const { clock } = receiver.host;
      await untilTimer(clock, 60_000);
      socket.destroy();
      await untilTimer(clock, undefined);
    }
    expect((await post(receiver.port, { body: logsOf(1).encode() })).status).toBe(200);
    expect(receiver.host.accounting.of("logs")).toMatchObject({ received: 1, refused: 0 });
  });

  it("abort the call of the pipeline when they go away before the answer", async () => {
    const gate = new Gate();
    await using receiver = await startReceiver({ logs: gate });
    const outgoing = request({
      host: "127.0.0.1",
      port: receiver.port,
      path: "/v1/logs",
      method: "POST",
      headers: protobuf,
    });
    outgoing.on("error", () => {});
    outgoing.end(logsOf(3).encode());
    await gate.arrived(1);
    const [signal] = gate.signals;
    const aborted = signal === undefined ? undefined : once(signal, "abort");
    outgoing.destroy();
    await aborted;
    const ledger = receiver.host.accounting.of("logs");
    while (ledger.refused === 0) await settle();
    expect(ledger).toMatchObject({ received: 3, refused: 3 });
  });

  it("find one connection too many closed", async () => {
    await using receiver = await startReceiver({ logs: new Sink<"logs">() }, { max_connections: 1 });
    const first = connect(receiver.port, "127.0.0.1");
    await once(first, "connect");
    expect(await raw(receiver.port)).toBe("");
    first.destroy();
  });
});
