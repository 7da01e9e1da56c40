import { once } from "node:events";
import { Agent } from "node:http";
import { connect } from "node:net";
import { logsBuilder } from "@dbintel/pdata";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { otlp } from "../src/component.ts";
import { Gate, json, portOf, post, startReceiver } from "./receiver.ts";

const never = { signal: new AbortController().signal };
const body = logsBuilder().resource({ attributes: {} }).scope({ name: "" }).record({ body: "x" }).build().encode();

describe("start", () => {
  it("rejects with what to do when the port is in use", async () => {
    await using first = await startReceiver({});
    await expect(startReceiver({}, { endpoint: `127.0.0.1:${first.port}` })).rejects.toMatchObject({
      code: "DBI_LISTEN",
      message: `cannot listen on 127.0.0.1:${first.port}: EADDRINUSE`,
      hint: expect.stringContaining("choose another port in protocols.http.endpoint"),
    });
  });

  it("rejects when the certificate cannot be read", async () => {
    const tls = { cert_file: "/nowhere/tls.crt", key_file: "/nowhere/tls.key" };
    await expect(startReceiver({}, { tls })).rejects.toMatchObject({
      code: "DBI_FILE",
      message: expect.stringContaining("tls.cert_file: "),
    });
  });

  it("binds to the loopback address by default", () => {
    const { config } = otlp({ protocols: { http: null } });
    expect(config.protocols.http).toMatchObject({
      endpoint: { host: "localhost", port: 4318 },
      max_request_body_size: 64 * 2 ** 20,
    });
  });

  it.each([
    [{ endpoint: "0.0.0.0:4318" }, false],
    [{ endpoint: "0.0.0.0:4318", tls: { cert_file: "tls.crt", key_file: "tls.key" } }, true],
  ])("lets the collector know where it would listen: %j", (http, guarded) => {
    const { definition, config } = otlp({ protocols: { http } });
    expect(definition.listeners?.(config)).toEqual([{ address: { host: "0.0.0.0", port: 4318 }, guarded }]);
  });

  it.each([
    ["http", { http: { endpoint: "127.0.0.1:0", include_metadata: true } }],
    ["grpc", { grpc: { endpoint: "127.0.0.1:0", include_metadata: true } }],
  ])("warns about client metadata of %s and goes on", async (protocol, protocols) => {
    const host = createTestHost();
    const { definition, config } = otlp({ protocols });
    const receiver = definition.create({ id: "otlp", config, host, next: {} });
    await receiver.start(never);
    await receiver.stop(never);
    const warnings = host.lines.filter(({ level }) => level === "warn").map((line) => line.message);
    expect(warnings).toEqual([`protocols.${protocol}.include_metadata has no effect: client metadata is not kept`]);
  });

  it.each([
    [{}, "name a protocol: grpc, http or both"],
    [{ grpc: { max_recv_msg_size_mib: 0 } }, "max_recv_msg_size_mib"],
    [{ grpc: { keepalive: { enforcement_policy: {} } } }, "not supported: pings of senders are answered at any rate"],
    [{ http: { endpoint: "localhost" } }, "expected a host and a port"],
    [{ http: { max_bytes_in_flight: "1MiB" } }, "max_bytes_in_flight must be at least max_request_body_size"],
    [{ http: { max_request_body_size: 0 } }, "protocols.http.max_request_body_size: must be larger than 0"],
    [{ http: { port: 4318 } }, `protocols.http: unknown key "port"`],
    [{ http: { cors: { allowed_origins: ["*"] } } }, "not supported: browsers cannot send to this receiver"],
  ])("refuses %j", (protocols, message) => {
    expect(() => otlp({ protocols } as never)).toThrow(message);
  });
});

describe("stop", () => {
  it("lets running requests finish and listens no more", async () => {
    const gate = new Gate();
    await using receiver = await startReceiver({ logs: gate });
    const agent = new Agent({ keepAlive: true });
    const running = post(receiver.port, { body, agent });
    await gate.arrived(1);
    const stopped = receiver.stop();
    const late = connect(receiver.port, "127.0.0.1");
    await expect(once(late, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    gate.open();
    const reply = await running;
    expect([reply.status, reply.headers.connection]).toEqual([200, "close"]);
    await stopped;
    agent.destroy();
    expect(receiver.host.clock.pendingTimers).toBe(0);
  });

  it("refuses new requests on connections that are still open", async () => {
    const gate = new Gate();
    await using receiver = await startReceiver({ logs: gate });
    const running = post(receiver.port, { body });
    await gate.arrived(1);
    const late = connect(receiver.port, "127.0.0.1");
    await once(late, "connect");
    // Connections are accepted in their order: with this answer the one before it is in the server's hands too.
    await post(receiver.port, { headers: json, body: "{}" });
    const stopped = receiver.stop();
    late.write("POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    const [answer] = await once(late, "data");
    expect(String(answer)).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 1\r\n/i);
    gate.open();
    await Promise.all([running, stopped]);
  });

  it("aborts at the deadline what is still running, and closes every connection", async () => {
    const gate = new Gate();
    await using receiver = await startReceiver({ logs: gate });
    const silent = connect(receiver.port, "127.0.0.1");
    await once(silent, "connect");
    const running = post(receiver.port, { body }).catch((reason: unknown) => reason);
    await gate.arrived(1);
    const deadline = new AbortController();
    const stopped = receiver.stop(deadline.signal);
    deadline.abort(new Error("deadline"));
    await stopped;
    expect(gate.signals.map(({ aborted }) => aborted)).toEqual([true]);
    await running;
    expect(receiver.host.accounting.of("logs")).toMatchObject({ received: 1, refused: 1 });
    silent.destroy();
  });

  it("does not wait for connections that never say anything", async () => {
    await using receiver = await startReceiver({ logs: new Sink<"logs">() });
    const silent = connect(receiver.port, "127.0.0.1");
    await once(silent, "connect");
    const closed = once(silent, "close");
    await receiver.stop();
    await closed;
    expect(receiver.host.clock.pendingTimers).toBe(0);
  });

  it("is idempotent, and can be followed by a new start", async () => {
    const host = createTestHost();
    const { definition, config } = otlp({ protocols: { http: { endpoint: "127.0.0.1:0" } } });
    const sink = new Sink<"logs">();
    const receiver = definition.create({ id: "otlp", config, host, next: { logs: sink } });
    await receiver.stop(never);
    for (let round = 0; round < 2; round++) {
      await receiver.start(never);
      await receiver.start(never);
      const listening = host.lines.filter(({ message }) => message === "listening for OTLP/HTTP");
      expect(listening).toHaveLength(round + 1);
      expect((await post(portOf(host.lines), { headers: json, body: "{}" })).status).toBe(200);
      await receiver.stop(never);
      await receiver.stop(never);
    }
  });
});
