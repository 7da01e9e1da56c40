import { once } from "node:events";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer, type Server } from "node:net";
import { freePort } from "@dbintel/e2e/free-port";
import { describe, expect, it } from "vitest";
import { logs, startExporter, TestServer, until } from "./support.ts";

/** A server that is not an OTLP one, on a free loopback port. */
async function listening(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

/** What the operator is told of an exporter whose first request fails. */
async function told(endpoint: string, timeoutMs = 0) {
  await using exporter = await startExporter({ endpoint, timeout: `${timeoutMs}ms` });
  await exporter.consume(logs(1));
  if (timeoutMs > 0) await exporter.host.clock.advance(timeoutMs);
  await until(() => exporter.host.statuses.length > 0);
  const [status] = exporter.host.statuses;
  const [failure] = exporter.host.lines.flatMap(({ fields: { error } }) => (error instanceof Error ? [error] : []));
  expect(status).toMatchObject({ state: "recoverable_error", message: failure?.message });
  return status;
}

describe("a request without an answer is told with its destination, the reason and what to do", () => {
  it("where nothing listens", async () => {
    const port = await freePort();
    expect(await told(`http://127.0.0.1:${port}`)).toMatchObject({
      message: `no answer from http://127.0.0.1:${port}/v1/logs: connect ECONNREFUSED 127.0.0.1:${port}`,
      hint: "nothing listens there: check host and port of the endpoint and that the server runs",
    });
  });

  it("where the name does not resolve", async () => {
    expect(await told("http://backend.invalid:4318")).toMatchObject({
      message: expect.stringMatching(/^no answer from http:\/\/backend.invalid:4318\/v1\/logs: getaddrinfo E/),
      hint: expect.stringContaining("name servers"),
    });
  });

  it("where the server does not speak TLS", async () => {
    await using server = await TestServer.listen();
    expect(await told(`https://127.0.0.1:${server.port}`)).toMatchObject({
      message: `no answer from https://127.0.0.1:${server.port}/v1/logs: TLS: wrong version number`,
      hint: "the server does not speak TLS on this port: use http:// in front of the endpoint, or the port that does",
    });
  });

  it("where the server takes gRPC alone", async () => {
    await using server = await listening(createHttp2Server());
    expect(await told(`http://127.0.0.1:${server.port}`)).toMatchObject({
      message: expect.stringContaining(`no answer from http://127.0.0.1:${server.port}/v1/logs: Parse Error`),
      hint: expect.stringContaining("for gRPC, port 4317, use the exporter otlp_grpc"),
    });
  });

  it("where the server hangs up, as one does that wants TLS", async () => {
    await using server = await listening(createServer((socket) => socket.on("data", () => socket.destroy())));
    expect(await told(`http://127.0.0.1:${server.port}`)).toMatchObject({
      message: `no answer from http://127.0.0.1:${server.port}/v1/logs: socket hang up`,
      hint: expect.stringContaining("if it wants TLS there, use https://"),
    });
  });

  it("where the time is up, without what the query holds", async () => {
    await using server = await listening(createServer((socket) => socket.unref()));
    expect(await told(`http://127.0.0.1:${server.port}/in?key=a%2Fb123456789`, 1500)).toMatchObject({
      message: `no answer from http://127.0.0.1:${server.port}/in/v1/logs within 1.5 s`,
      hint: "check that it can be reached and is not overloaded, or raise `timeout`",
    });
  });
});

describe("an answer that refuses is told with its destination and what to do", () => {
  it.each([
    [400, "malformed"],
    [401, "check the key or token"],
    [403, "check the key"],
    [404, "check the path"],
    [413, "max_size"],
    [429, "send less"],
    [500, "its log"],
    [502, "check that the server runs"],
    [503, "overloaded"],
    [504, "overloaded or down"],
  ])("%i", async (status, hint) => {
    await using server = await TestServer.listen();
    server.behaviour = ({ url }) => ({ status, headers: { "content-type": "text/plain" }, body: `cannot POST ${url}` });
    await using exporter = await startExporter({ logs_endpoint: `${server.url}/in?key=a%2Fb123456789` });
    await exporter.consume(logs(1));
    const errors = () =>
      exporter.host.lines.flatMap(({ fields: { error } }) => (error instanceof Error ? [error] : []));
    await until(() => errors().length > 0);
    expect(errors()[0]).toMatchObject({
      message: `${server.url}/in answered ${status}: cannot POST /in?key=[REDACTED]`,
      hint: expect.stringContaining(hint),
    });
  });
});
