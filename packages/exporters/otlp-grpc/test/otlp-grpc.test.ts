import { readFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { Certificates } from "@dbintel/e2e/certificates";
import { freePort } from "@dbintel/e2e/free-port";
import { decodeLogs, encodeExportResponse, type Logs, logsBuilder, metricsBuilder } from "@dbintel/pdata";
import { createTestHost, settle } from "@dbintel/pipeline/testing";
import { ServerCredentials } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { otlpGrpc } from "../src/component.ts";
import type { otlpGrpcConfig } from "../src/config.ts";
import { listening, TestServer } from "./server.ts";

const never = new AbortController().signal;
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

function logs(count: number, padding = 0): Logs {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (let index = 0; index < count; index++) builder.record({ body: `r${index}`.padEnd(padding, ".") });
  return builder.build();
}

/** A started exporter on a fake clock, without a queue: a call ends with what became of the data. */
async function startExporter(
  config: z.input<typeof otlpGrpcConfig>,
  extensions: ReadonlyMap<string, object> = new Map(),
) {
  const host = createTestHost({ extensions });
  const { definition, config: settings } = otlpGrpc({
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
    ...config,
  });
  const exporter = definition.create({ id: "otlp_grpc", config: settings, host });
  await exporter.start({ signal: never });
  return {
    host,
    exporter,
    send: (batch = logs(1), signal = never) => exporter.consumers.logs?.consume(batch, { signal }),
    [Symbol.asyncDispose]: () => exporter.stop({ signal: AbortSignal.abort() }),
  };
}

const plain = (server: { readonly port: number }) => ({ endpoint: `http://127.0.0.1:${server.port}` });

describe("a call", () => {
  it.each(["gzip", "none"] as const)("carries OTLP and the headers, compression %s", async (compression) => {
    await using server = await TestServer.listen();
    const headers = { "API-Key": "k3y-v4lue" };
    await using running = await startExporter({ ...plain(server), compression, headers });
    const batch = logs(3);
    await running.send(batch);
    expect(server.seen.map(({ signal }) => signal)).toEqual(["logs"]);
    expect(new Uint8Array(server.seen[0]?.message ?? [])).toEqual(new Uint8Array(batch.encode()));
    expect(server.seen[0]?.headers).toMatchObject({
      "api-key": "k3y-v4lue",
      "user-agent": expect.stringMatching(/^dbintel\/0\.0\.0-test /),
    });
  });

  it("goes to the service of its signal", async () => {
    await using server = await TestServer.listen();
    await using running = await startExporter(plain(server));
    const metrics = metricsBuilder()
      .resource({ attributes: {} })
      .scope({ name: "" })
      .gauge({ name: "m", unit: "1" }, [{ timeUnixNano: 1n, value: 1n }]);
    await running.exporter.consumers.metrics?.consume(metrics.build(), { signal: never });
    expect(server.seen.map(({ signal }) => signal)).toEqual(["metrics"]);
  });

  it("carries the credentials that an extension gives at that moment", async () => {
    await using server = await TestServer.listen();
    let token = "first-token";
    const extensions = new Map([["me", { credentials: () => ({ authorization: `Bearer ${token}` }) }]]);
    await using running = await startExporter({ ...plain(server), auth: { authenticator: "me" } }, extensions);
    await running.send();
    token = "second-token";
    server.behaviour = ({ headers }) => ({ code: 16, message: `no: ${String(headers.authorization)}` });
    await expect(running.send()).rejects.toThrow("answered UNAUTHENTICATED: no: [REDACTED]");
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer first-token",
      "Bearer second-token",
    ]);
  });

  it("is tried again when the server's RetryInfo says so", async () => {
    await using server = await TestServer.listen();
    server.behaviour = () => ({ code: 8, retryDelayMs: 20_000 });
    const retry_on_failure = { enabled: true, initial_interval: "1s" };
    await using running = await startExporter({ ...plain(server), retry_on_failure });
    const sent = running.send();
    while (running.host.statuses.length < 1) await settle();
    server.behaviour = () => new Uint8Array(0);
    expect(running.host.clock.nextTimerMs).toBe(20_000);
    await running.host.clock.advance(20_000);
    await sent;
    expect(server.seen).toHaveLength(2);
  });

  it("is cancelled when its time is up, and tried again", async () => {
    await using server = await TestServer.listen();
    server.behaviour = () => new Promise(() => {});
    await using running = await startExporter({
      ...plain(server),
      timeout: "5s",
      retry_on_failure: { enabled: true, initial_interval: "1s", randomization_factor: 0 },
    });
    const sent = running.send();
    while (server.seen.length < 1) await settle();
    server.behaviour = () => new Uint8Array(0);
    await running.host.clock.advance(5000);
    while (server.cancelled.length < 1 || running.host.clock.nextTimerMs !== 1000) await settle();
    await running.host.clock.advance(1000);
    await sent;
    expect(server.seen).toHaveLength(2);
  });
});

describe("an answer", () => {
  it.each([
    ["UNAVAILABLE", { code: 14 }, { kind: "retryable", httpStatus: 503, delayMs: undefined }],
    ["a throttle", { code: 14, retryDelayMs: 3000 }, { kind: "retryable", delayMs: 3000 }],
    ["RESOURCE_EXHAUSTED with a delay", { code: 8, retryDelayMs: 500 }, { kind: "retryable", delayMs: 500 }],
    ["RESOURCE_EXHAUSTED without one", { code: 8, message: "quota" }, { kind: "permanent", httpStatus: 429 }],
    ["ABORTED", { code: 10 }, { kind: "retryable" }],
    ["INVALID_ARGUMENT", { code: 3, message: "bad" }, { kind: "permanent", httpStatus: 400 }],
    ["PERMISSION_DENIED", { code: 7 }, { kind: "permanent", httpStatus: 403 }],
    ["UNIMPLEMENTED", { code: 12 }, { kind: "permanent", httpStatus: 404 }],
    ["INTERNAL", { code: 13 }, { kind: "permanent", httpStatus: undefined }],
    ["UNKNOWN", { code: 2 }, { kind: "permanent" }],
  ])("%s", async (_what, reply, expected) => {
    await using server = await TestServer.listen();
    server.behaviour = () => reply;
    await using running = await startExporter(plain(server));
    await expect(running.send()).rejects.toMatchObject(expected);
  });

  it("of a part counts what was rejected", async () => {
    await using server = await TestServer.listen();
    const partialSuccess = { rejected: 1n, errorMessage: "one was wrong" };
    server.behaviour = () => encodeExportResponse("logs", { partialSuccess }, "protobuf");
    await using running = await startExporter(plain(server));
    await expect(running.send(logs(3))).rejects.toMatchObject({ kind: "partial", rejected: 1 });
    expect(running.host.accounting.of("logs").sent).toBe(2);
  });

  it("that cannot be read still means that the data was taken", async () => {
    await using server = await TestServer.listen();
    server.behaviour = () => Uint8Array.of(0x0a, 9, 1);
    await using running = await startExporter(plain(server));
    await running.send();
    expect(running.host.lines.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
      `127.0.0.1:${server.port} answered with something that is no response`,
    ]);
  });

  it("that a message is too large has it cut until the server takes it", async () => {
    await using server = await TestServer.listen({ maxMessageBytes: 2000 });
    await using running = await startExporter({ ...plain(server), compression: "none" });
    await running.send(logs(10, 500));
    expect(server.seen.reduce((sum, { message }) => sum + decodeLogs(message).count, 0)).toBe(10);
    expect(server.seen.length).toBeGreaterThan(1);
    expect(running.host.accounting.of("logs")).toMatchObject({ sent: 10 });
  });

  it.each([
    ["UNAVAILABLE", { code: 14 }, "overloaded or starting"],
    ["RESOURCE_EXHAUSTED", { code: 8, retryDelayMs: 500 }, "send less"],
    ["UNAUTHENTICATED", { code: 16 }, "check the key or token"],
    ["PERMISSION_DENIED", { code: 7 }, "check the key"],
    ["UNIMPLEMENTED", { code: 12 }, "check the endpoint and its port"],
    ["INTERNAL", { code: 13 }, "its log"],
    ["UNKNOWN", { code: 2 }, "log of the server"],
  ])("%s is told with the destination and what to do", async (name, reply, hint) => {
    await using server = await TestServer.listen();
    server.behaviour = () => ({ ...reply, message: "no" });
    await using running = await startExporter(plain(server));
    await expect(running.send()).rejects.toMatchObject({
      message: `127.0.0.1:${server.port} answered ${name}: no`,
      hint: expect.stringContaining(hint),
    });
  });
});

describe("no answer is told with the destination, the reason and what to do", () => {
  /** What becomes of a call to a server that is none. */
  async function toldOf(endpoint: string) {
    await using running = await startExporter({ endpoint });
    const error: unknown = await Promise.resolve(running.send()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: "retryable", code: "DBI_UNAVAILABLE", httpStatus: 503 });
    return error;
  }

  it("where nothing listens", async () => {
    const port = await freePort();
    expect(await toldOf(`http://127.0.0.1:${port}`)).toMatchObject({
      message: `no answer from 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
      hint: "nothing listens there: check host and port of the endpoint and that the server runs",
    });
  });

  it("where the name does not resolve", async () => {
    expect(await toldOf("http://backend.invalid:4317")).toMatchObject({
      message: "no answer from backend.invalid:4317: Name resolution failed for target dns:backend.invalid:4317",
      hint: "the host name does not resolve: check the endpoint and the name servers",
    });
  });

  it("where the server does not speak TLS", async () => {
    await using server = await TestServer.listen();
    expect(await toldOf(`https://localhost:${server.port}`)).toMatchObject({
      message: `no answer from localhost:${server.port}: TLS: wrong version number`,
      hint: expect.stringContaining("use http:// in front of the endpoint"),
    });
  });

  it("where the server takes HTTP/1 alone", async () => {
    await using server = await listening(createHttpServer());
    expect(await toldOf(`http://127.0.0.1:${server.port}`)).toMatchObject({
      message: `no answer from 127.0.0.1:${server.port}: Protocol error`,
      hint: expect.stringContaining("for HTTP, port 4318, use the exporter otlp_http"),
    });
  });

  it("where the server hangs up, as one does that wants TLS", async () => {
    await using server = await listening(createServer((socket) => socket.destroy()));
    expect(await toldOf(`http://127.0.0.1:${server.port}`)).toMatchObject({
      message: expect.stringMatching(`^no answer from 127.0.0.1:${server.port}: (?:Failed to connect|.*ECONNRESET)`),
      hint: expect.stringContaining("if it wants TLS there, use https://"),
    });
  });
});

describe("tls", () => {
  it("verifies the server and shows its own certificate", async () => {
    const [cert, key] = await Promise.all([readFile(fixture("localhost.crt")), readFile(fixture("localhost.key"))]);
    const security = ServerCredentials.createSsl(cert, [{ cert_chain: cert, private_key: key }], true);
    await using server = await TestServer.listen({ credentials: security });
    const endpoint = `https://localhost:${server.port}`;
    const own = { cert_file: fixture("localhost.crt"), key_file: fixture("localhost.key") };
    await using known = await startExporter({ endpoint, tls: { ca_file: fixture("localhost.crt"), ...own } });
    await known.send();
    expect(server.seen).toHaveLength(1);
    await using distrustful = await startExporter({ endpoint, tls: own });
    await expect(distrustful.send()).rejects.toMatchObject({ kind: "retryable", message: /certificate/ });
    await using careless = await startExporter({ endpoint, tls: { insecure_skip_verify: true, ...own } });
    await careless.send();
    expect(server.seen).toHaveLength(2);
  });

  it("shows a new certificate to new calls, while those under way end as they began", async () => {
    await using certificates = await Certificates.create();
    await certificates.sign("server", { extension: "subjectAltName=DNS:localhost" });
    const own = (subject: string) => certificates.sign("own", { subject, extension: "extendedKeyUsage=clientAuth" });
    await own("first");
    const [ca, cert, key] = await Promise.all(
      ["ca.pem", "server.pem", "server.key"].map((name) => certificates.read(name)),
    );
    if (ca === undefined || cert === undefined || key === undefined) throw new Error("no certificates");
    const security = ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], true);
    await using server = await TestServer.listen({ credentials: security });
    await using running = await startExporter({
      endpoint: `https://localhost:${server.port}`,
      timeout: "0s",
      tls: {
        ...{ ca_file: certificates.path("ca.pem"), reload_interval: "1h" },
        ...{ cert_file: certificates.path("own.pem"), key_file: certificates.path("own.key") },
      },
    });
    await running.send();
    const answer = Promise.withResolvers<Uint8Array>();
    server.behaviour = () => answer.promise;
    const underWay = running.send();
    while (server.seen.length < 2) await settle();
    await own("second");
    await running.host.clock.advance(3_600_000);
    while (!running.host.lines.some(({ message }) => message === "the files of tls were read again")) await settle();
    answer.resolve(new Uint8Array(0));
    await underWay;
    await running.send();
    expect(server.clients).toEqual(["first", "first", "second"]);
    expect(running.host.accounting.of("logs")).toMatchObject({ sent: 3 });
  });

  it("that cannot be read stops the start", async () => {
    await expect(startExporter({ endpoint: "a:1", tls: { ca_file: "/nowhere" } })).rejects.toMatchObject({
      code: "DBI_FILE",
    });
  });
});

describe("settings", () => {
  it.each([
    [{ endpoint: "localhost" }, "expected host:port"],
    [{ endpoint: "https://localhost:4317/v1/logs" }, "expected host:port"],
    [{ endpoint: "user:password@localhost:4317" }, "expected host:port"],
    [{ endpoint: "a:1", headers: { "grpc-timeout": "1" } }, "is set by the exporter"],
    [{ endpoint: "a:1", headers: { "key-bin": "1" } }, "binary metadata"],
    [{ endpoint: "a:1", compression: "snappy" }, "compression"],
  ])("refuses %j", (settings, message) => {
    expect(() => otlpGrpc(settings as never)).toThrow(message);
  });

  it("warns of headers that travel unencrypted to other machines", async () => {
    await using running = await startExporter({ endpoint: "http://backend.invalid:4317", headers: { key: "value" } });
    expect(running.host.lines.map(({ message }) => message)).toContain(
      "headers, which may hold keys, travel unencrypted: use TLS",
    );
  });
});
