import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { freePort } from "@dbintel/e2e/free-port";
import { decodeLogs, encodeExportResponse } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { inOrder, logs, startExporter, TestServer, until } from "./support.ts";

describe("a request", () => {
  it("is OTLP as protobuf, compressed, to the path of its signal", async () => {
    await using server = await TestServer.listen();
    await using exporter = await startExporter({
      endpoint: `${server.url}/otlp/`,
      headers: { "API-Key": "k3y-v4lue" },
    });
    const batch = logs(3);
    await exporter.consume(batch);
    await until(() => exporter.sent === 3);
    const [seen] = server.seen;
    expect(seen?.method).toBe("POST");
    expect(seen?.url).toBe("/otlp/v1/logs");
    expect(seen?.headers).toMatchObject({
      "content-type": "application/x-protobuf",
      "content-encoding": "gzip",
      "content-length": String(seen?.body.length),
      "user-agent": "dbintel/0.0.0-test",
      "api-key": "k3y-v4lue",
    });
    expect(new Uint8Array(gunzipSync(seen?.body ?? ""))).toEqual(new Uint8Array(batch.encode()));
  });

  it.each([
    ["none", (body: Buffer) => body],
    ["gzip", gunzipSync],
    ["zstd", zstdDecompressSync],
  ] as const)("is compressed with %s as told", async (compression, decompress) => {
    await using server = await TestServer.listen();
    await using exporter = await startExporter({ endpoint: server.url, compression });
    await exporter.consume(logs(100));
    await until(() => exporter.sent === 100);
    const [seen] = server.seen;
    expect(seen?.headers["content-encoding"]).toBe(compression === "none" ? undefined : compression);
    expect(decodeLogs(decompress(seen?.body ?? Buffer.alloc(0))).count).toBe(100);
  });

  it("is OTLP/JSON when told", async () => {
    await using server = await TestServer.listen();
    await using exporter = await startExporter({ endpoint: server.url, encoding: "json", compression: "none" });
    await exporter.consume(logs(1));
    await until(() => exporter.sent === 1);
    const [seen] = server.seen;
    expect(seen?.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(String(seen?.body))).toMatchObject({
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "r0" } }] }] }],
    });
  });

  it("carries the credentials that an extension gives at that moment, and no message repeats them", async () => {
    await using server = await TestServer.listen();
    let token = "first-token";
    const extensions = new Map([["me", { credentials: () => ({ authorization: `Bearer ${token}` }) }]]);
    await using exporter = await startExporter({ endpoint: server.url, auth: { authenticator: "me" } }, extensions);
    await exporter.consume(logs(1));
    await until(() => exporter.sent === 1);
    token = "second-token";
    server.behaviour = ({ headers }) => ({ status: 400, body: `no: ${headers.authorization}` });
    await exporter.consume(logs(1));
    await until(() => exporter.dropped.rejected === 1);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer first-token",
      "Bearer second-token",
    ]);
    expect(JSON.stringify(exporter.host.lines.map(({ fields }) => String(fields.error)))).not.toContain("second-token");
  });

  it("goes to the endpoint of its own signal as it is written", async () => {
    await using server = await TestServer.listen();
    await using exporter = await startExporter({ logs_endpoint: `${server.url}/in?source=db` });
    await exporter.consume(logs(1));
    await until(() => exporter.sent === 1);
    expect(server.seen[0]?.url).toBe("/in?source=db");
  });

  it("uses connections again", async () => {
    await using server = await TestServer.listen();
    await using exporter = await startExporter({ endpoint: server.url, sending_queue: { num_consumers: 2 } });
    for (let index = 0; index < 20; index++) await exporter.consume(logs(1));
    await until(() => exporter.sent === 20);
    expect(server.connections).toBeLessThanOrEqual(2);
  });
});

describe("answers", () => {
  // The clock of the test begins at 22:13:20.
  it.each(["20", "Tue, 14 Nov 2023 22:13:40 GMT"])("is patient after 503 with Retry-After: %s", async (date) => {
    await using server = await TestServer.listen();
    server.behaviour = inOrder({ status: 503, headers: { "retry-after": date } }, {});
    await using exporter = await startExporter({ endpoint: server.url });
    await exporter.consume(logs(2));
    await until(() => exporter.host.statuses.length === 1);
    expect(exporter.host.clock.nextTimerMs).toBe(20_000);
    await exporter.host.clock.advance(20_000);
    await until(() => exporter.sent === 2);
    expect(server.seen).toHaveLength(2);
    expect(exporter.host.statuses.map(({ state }) => state)).toEqual(["recoverable_error", "ok"]);
  });

  it.each([429, 502, 503, 504])("tries again after %i", async (status) => {
    await using server = await TestServer.listen();
    server.behaviour = inOrder({ status }, {});
    await using exporter = await startExporter({ endpoint: server.url });
    await exporter.consume(logs(1));
    await until(() => exporter.host.statuses.length === 1);
    await exporter.host.clock.advance(7500);
    await until(() => exporter.sent === 1);
    expect(server.seen).toHaveLength(2);
  });

  it.each([400, 401, 403, 404, 405, 409, 415, 500, 501])("drops after %i", async (status) => {
    await using server = await TestServer.listen();
    server.behaviour = inOrder({ status });
    await using exporter = await startExporter({ endpoint: server.url });
    await exporter.consume(logs(4));
    await until(() => exporter.dropped.rejected === 4);
    expect(server.seen).toHaveLength(1);
    expect(exporter.held).toBe(0);
  });

  it("sends the halves after 413", async () => {
    await using server = await TestServer.listen();
    const limit = logs(3, "r", 200).byteSize;
    server.behaviour = ({ body }) => ({ status: gunzipSync(body).length > limit ? 413 : 200 });
    await using exporter = await startExporter({ endpoint: server.url });
    await exporter.consume(logs(8, "r", 200));
    await until(() => exporter.sent === 8);
    const sizes = server.seen.map(({ body }) => decodeLogs(gunzipSync(body)).count);
    expect(sizes).toEqual([8, 4, 2, 2, 4, 2, 2]);
  });

  it("counts what a partial success rejected", async () => {
    await using server = await TestServer.listen();
    const body = encodeExportResponse(
      "logs",
      { partialSuccess: { rejected: 2n, errorMessage: "too old" } },
      "protobuf",
    );
    server.behaviour = inOrder({ headers: { "content-type": "application/x-protobuf" }, body });
    await using exporter = await startExporter({ endpoint: server.url });
    await exporter.consume(logs(5));
    await until(() => exporter.sent === 3);
    expect(exporter.dropped).toEqual({ rejected: 2 });
    expect(exporter.host.lines.map(({ fields }) => String(fields.error))).toEqual([
      expect.stringContaining("rejected 2 items: too old"),
    ]);
  });

  it("reads a partial success in JSON", async () => {
    await using server = await TestServer.listen();
    const body = JSON.stringify({ partialSuccess: { rejectedLogRecords: "1", errorMessage: "bad" } });
    server.behaviour = inOrder({ headers: { "content-type": "application/json; charset=utf-8" }, body });
    await using exporter = await startExporter({ endpoint: server.url, encoding: "json" });
    await exporter.consume(logs(5));
    await until(() => exporter.sent === 4);
    expect(exporter.dropped).toEqual({ rejected: 1 });
  });

  it("logs the words of a server that took everything, once", async () => {
    await using server = await TestServer.listen();
    const body = JSON.stringify({ partialSuccess: { errorMessage: "use delta" } });
    server.behaviour = inOrder({ headers: { "content-type": "application/json" }, body });
    await using exporter = await startExporter({ endpoint: server.url });
    for (let index = 1; index <= 3; index++) {
      await exporter.consume(logs(1));
      await until(() => exporter.sent === index);
    }
    expect(exporter.host.lines.map(({ message }) => message)).toEqual([
      `${server.url}/v1/logs took the data and says: use delta`,
    ]);
  });

  it("takes a 2xx with a body that it cannot read as success, with one warning", async () => {
    await using server = await TestServer.listen();
    server.behaviour = inOrder({ headers: { "content-type": "text/html" }, body: "<html>welcome</html>" });
    await using exporter = await startExporter({ endpoint: server.url });
    for (let index = 1; index <= 3; index++) {
      await exporter.consume(logs(1));
      await until(() => exporter.sent === index);
    }
    expect(exporter.host.lines).toHaveLength(1);
    expect(exporter.dropped).toEqual({});
  });

  it("gives up on an answer of more than 4 MiB", async () => {
    await using server = await TestServer.listen();
    server.behaviour = inOrder({ status: 503, body: Buffer.alloc(5 * 2 ** 20) });
    await using exporter = await startExporter({ endpoint: server.url });
    await exporter.consume(logs(1));
    await until(() => exporter.dropped.rejected === 1);
    expect(String(exporter.host.lines[0]?.fields.error)).toContain("more than 4194304 bytes");
  });

  it("follows no redirect and says where it would go", async () => {
    await using server = await TestServer.listen();
    server.behaviour = inOrder({ status: 307, headers: { location: "https://elsewhere.example/v1/logs?key=1" } });
    await using exporter = await startExporter({ endpoint: server.url });
    await exporter.consume(logs(1));
    await until(() => exporter.dropped.rejected === 1);
    expect(exporter.host.lines[0]?.fields.error).toMatchObject({
      hint: expect.stringContaining("https://elsewhere.example/v1/logs"),
    });
    expect(server.seen).toHaveLength(1);
  });

  it("repeats no secret that the server repeats", async () => {
    await using server = await TestServer.listen();
    const body = "no such key: s3cr3t-key\r\n\u001b[31mred";
    server.behaviour = inOrder({ status: 403, headers: { "content-type": "text/plain" }, body });
    const headers = { authorization: "Bearer s3cr3t-key" };
    await using exporter = await startExporter({ endpoint: server.url, headers });
    await exporter.consume(logs(1));
    await until(() => exporter.dropped.rejected === 1);
    const error = exporter.host.lines[0]?.fields.error;
    expect(String(error)).toContain("answered 403: no such key: [REDACTED] [31mred");
    expect(error).toMatchObject({ hint: expect.stringContaining("check the key") });
    expect(exporter.host.statuses).toContainEqual(expect.objectContaining({ state: "permanent_error" }));
  });
});

describe("start", () => {
  it("warns of headers that travel unencrypted to another machine", async () => {
    const headers = { "api-key": "s3cr3t-key" };
    await using exporter = await startExporter({ endpoint: "http://192.0.2.1:4318?key=1", headers });
    expect(new Set(exporter.host.lines.map(({ level, message }) => `${level}: ${message}`))).toEqual(
      new Set(["warn: headers, which may hold keys, travel unencrypted: use https://"]),
    );
    expect(exporter.host.lines[0]?.fields).toEqual({ endpoint: "http://192.0.2.1:4318/v1/logs" });
  });

  it.each(["http://localhost:4318", "https://192.0.2.1"])("does not warn of headers to %s", async (endpoint) => {
    await using exporter = await startExporter({ endpoint, headers: { "api-key": "s3cr3t-key" } });
    expect(exporter.host.lines).toEqual([]);
  });

  it("works again after a stop", async () => {
    await using server = await TestServer.listen();
    await using exporter = await startExporter({ endpoint: server.url });
    await exporter.consume(logs(1));
    await exporter.stop();
    await exporter.start();
    await exporter.consume(logs(1));
    await exporter.stop();
    expect(exporter.sent).toBe(2);
  });
});

describe("a bad network", () => {
  it("names every address of a host that does not listen", async () => {
    const port = await freePort();
    await using exporter = await startExporter({ endpoint: `http://localhost:${port}` });
    await exporter.consume(logs(1));
    await until(() => exporter.host.statuses.length === 1);
    expect(exporter.host.statuses[0]).toMatchObject({
      message: expect.stringContaining(`127.0.0.1:${port}`),
      hint: expect.stringContaining("nothing listens there"),
    });
  });

  it("waits for a server that is not there yet", async () => {
    const port = await freePort();
    await using exporter = await startExporter({ endpoint: `http://127.0.0.1:${port}` });
    await exporter.consume(logs(2));
    await until(() => exporter.host.statuses.length === 1);
    expect(exporter.host.statuses[0]).toMatchObject({
      state: "recoverable_error",
      hint: expect.stringContaining("nothing listens there"),
    });
    await using server = await TestServer.listen({ port });
    await exporter.host.clock.advance(10_000);
    await until(() => exporter.sent === 2);
    expect(server.seen).toHaveLength(1);
  });

  it("ends an attempt that gets no answer", async () => {
    await using silent = await RawServer.listen(() => {});
    await using exporter = await startExporter({ endpoint: silent.url, timeout: "3s" });
    await exporter.consume(logs(1));
    await until(() => silent.received > 0);
    await exporter.host.clock.advance(3000);
    await until(() => silent.open === 0);
    expect(exporter.host.lines[0]?.fields.error).toMatchObject({ code: "DBI_TIMEOUT" });
    expect(exporter.held).toBe(1);
  });

  it("ends an attempt whose answer stops half way", async () => {
    await using stuck = await RawServer.listen((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    await using exporter = await startExporter({ endpoint: stuck.url, timeout: "3s" });
    await exporter.consume(logs(1));
    await until(() => stuck.received > 0);
    await exporter.host.clock.advance(3000);
    await until(() => stuck.open === 0);
    expect(exporter.sent).toBe(0);
    expect(exporter.held).toBe(1);
  });

  it("tries again when the connection is cut before the answer is complete", async () => {
    let requests = 0;
    await using flaky = await RawServer.listen((socket) => {
      requests++;
      if (requests === 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", () => socket.destroy());
      else socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    await using exporter = await startExporter({ endpoint: flaky.url });
    await exporter.consume(logs(1));
    await until(() => exporter.host.statuses.length === 1);
    await exporter.host.clock.advance(10_000);
    await until(() => exporter.sent === 1);
    expect(requests).toBe(2);
  });

  it("sends again at once when the server had closed the idle connection", async () => {
    let requests = 0;
    await using closing = await RawServer.listen((socket) => {
      requests++;
      // The second request comes on the kept connection, which this server resets instead of answering.
      if (requests === 2) socket.resetAndDestroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    await using exporter = await startExporter({ endpoint: closing.url, sending_queue: { num_consumers: 1 } });
    await exporter.consume(logs(1));
    await until(() => exporter.sent === 1);
    await exporter.consume(logs(1));
    await until(() => exporter.sent === 2);
    expect(requests).toBe(3);
    expect(exporter.host.statuses.every(({ state }) => state === "ok")).toBe(true);
  });

  it("understands a refusal that comes before the request was read", async () => {
    await using strict = await RawServer.listen((socket) => {
      socket.end("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    await using exporter = await startExporter({ endpoint: strict.url, compression: "none" });
    await exporter.consume(logs(1, "r", 8 * 2 ** 20));
    await until(() => exporter.held === 0);
    expect(exporter.dropped).toEqual({ too_large: 1 });
  });

  it("is no HTTP client for something that speaks another protocol", async () => {
    await using ssh = await RawServer.listen((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"));
    await using exporter = await startExporter({ endpoint: ssh.url });
    await exporter.consume(logs(1));
    await until(() => exporter.host.statuses.length === 1);
    expect(exporter.host.statuses[0]).toMatchObject({ state: "recoverable_error" });
  });

  it("lets go of everything at the deadline of stop", async () => {
    await using silent = await RawServer.listen(() => {});
    await using exporter = await startExporter({ endpoint: silent.url });
    await exporter.consume(logs(3));
    await until(() => silent.received > 0);
    await exporter.stop(AbortSignal.abort());
    expect(exporter.dropped).toEqual({ shutdown: 3 });
    await until(() => silent.open === 0);
    expect(exporter.host.clock.pendingTimers).toBe(0);
  });
});

/** A TCP server that does as it likes once a request's first bytes are there. */
class RawServer implements AsyncDisposable {
  open = 0;
  received = 0;
  readonly #server = createServer();
  readonly #sockets = new Set<Socket>();

  static async listen(onRequest: (socket: Socket) => void): Promise<RawServer> {
    const raw = new RawServer();
    raw.#server.on("connection", (socket) => {
      raw.open++;
      raw.#sockets.add(socket);
      socket.on("data", (bytes) => {
        raw.received += bytes.length;
        if (bytes.includes("POST ")) onRequest(socket);
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        raw.open--;
        raw.#sockets.delete(socket);
      });
    });
    raw.#server.listen(0, "127.0.0.1");
    await once(raw.#server, "listening");
    return raw;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}
