import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { constants, crc32, deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";

const mib = 1024 * 1024;
const gib = 1024 * mib;

/**
 * A gzip member of `size` zeros: one compressed block of them, written again and again, as a deflate stream may refer
 * back across blocks but need not. Its checksum is wrong, which nobody may live to see.
 */
function* gzipOfZeros(size: number): Generator<Buffer> {
  const zeros = Buffer.alloc(16 * mib);
  const block = deflateRawSync(zeros, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff]);
  for (let written = 0; written < size; written += zeros.length) yield block;
  const end = Buffer.alloc(8);
  end.writeUInt32LE(crc32(""), 0);
  yield Buffer.concat([deflateRawSync(Buffer.alloc(0)), end]);
}

describe("clients that mean no good", () => {
  let dbintel: DbintelProcess;
  let port: number;

  beforeEach(async () => {
    port = await freePort();
    const listen = `{endpoint: "127.0.0.1:${port}", read_header_timeout: 2s, max_connections: 300}`;
    const config = `yaml:
receivers: { otlp: { protocols: { http: ${listen} } } }
exporters: { nop: }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { logs: { receivers: [otlp], exporters: [nop] } }
`;
    dbintel = new DbintelProcess(["run", "--config", config]);
    await eventually("it listens", async () => {
      if (!dbintel.running) throw new Error(dbintel.stderr);
      return (await postRecord()) === 200 || undefined;
    });
  });
  afterEach(() => dbintel[Symbol.asyncDispose]());

  async function postRecord(): Promise<number | undefined> {
    const body = JSON.stringify({
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "well" } }] }] }],
    });
    const headers = { "content-type": "application/json", connection: "close" };
    return (await fetch(`http://127.0.0.1:${port}/v1/logs`, { method: "POST", headers, body }).catch(() => undefined))
      ?.status;
  }

  /** The most memory that the process has ever had, by Linux; `undefined` elsewhere. */
  async function peakBytes(): Promise<number | undefined> {
    const status = await readFile(`/proc/${dbintel.pid}/status`, "utf8").catch(() => "");
    const kib = /VmHWM:\s+([0-9]+) kB/.exec(status)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  }

  it("get 413 for ten gigabytes in ten megabytes, which never come to be", async () => {
    const before = await peakBytes();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-encoding": "gzip" };
      const sending = request({ host: "127.0.0.1", port, path: "/v1/logs", method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sending.on("error", reject);
      for (const part of gzipOfZeros(10 * gib)) sending.write(part);
      sending.end();
    });
    expect(status).toBe(413);
    const after = await peakBytes();
    // The limit of a request is 64 MiB, before decompression and after it; when garbage is collected is not certain.
    if (before !== undefined && after !== undefined) expect(after - before).toBeLessThan(gib);
    expect(await postRecord()).toBe(200);
  });

  it("hold connections with headers that never end, and others are served meanwhile", async () => {
    const sockets = Array.from({ length: 200 }, () => connect(port, "127.0.0.1"));
    const closed = sockets.map((socket) => slowlyAsking(socket));
    for (let attempt = 0; attempt < 20; attempt++) expect(await postRecord()).toBe(200);
    await Promise.all(closed);
    expect(await postRecord()).toBe(200);
  });
});

/** Sends a header now and then until the server has enough of it. */
async function slowlyAsking(socket: Socket): Promise<void> {
  socket.on("error", () => {});
  socket.resume();
  socket.write("POST /v1/logs HTTP/1.1\r\nhost: a\r\n");
  const timer = setInterval(() => socket.write("x-more: a\r\n"), 100);
  await new Promise<void>((resolve) => void socket.once("close", () => resolve()));
  clearInterval(timer);
}
