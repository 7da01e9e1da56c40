import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { eventually } from "@dbintel/e2e/condition";
import { logsBuilder } from "@dbintel/pdata";
import { Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import type { otlp } from "../src/index.ts";
import { startGrpc } from "./grpc.ts";
import { startReceiver } from "./receiver.ts";

type Tls = NonNullable<NonNullable<NonNullable<Parameters<typeof otlp>[0]>["protocols"]["http"]>["tls"]>;

// Self-signed for localhost and made for this test alone (openssl req -x509 -newkey ec -nodes -days 36500).
const cert_file = fileURLToPath(new URL("fixtures/localhost.crt", import.meta.url));
const key_file = fileURLToPath(new URL("fixtures/localhost.key", import.meta.url));
const cert = await readFile(cert_file);
const key = await readFile(key_file);
const body = logsBuilder().resource({ attributes: {} }).scope({ name: "" }).record({ body: "x" }).build().encode();

async function postSecurely(
  port: number,
  identity: { readonly cert?: Buffer; readonly key?: Buffer } = {},
): Promise<number> {
  const headers = { "content-type": "application/x-protobuf" };
  const outgoing = request({
    host: "localhost",
    port,
    path: "/v1/logs",
    method: "POST",
    ca: cert,
    headers,
    ...identity,
  });
  outgoing.end(body);
  const [incoming] = await once(outgoing, "response");
  incoming.resume();
  return incoming.statusCode;
}

/** The certificate that a new connection is shown. */
async function shown(port: number): Promise<string> {
  const protocols = ["h2", "http/1.1"];
  const socket = connect({ host: "localhost", port, rejectUnauthorized: false, ALPNProtocols: protocols });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

describe("tls", () => {
  it("serves HTTPS", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink }, { tls: { cert_file, key_file } });
    expect(await postSecurely(receiver.port)).toBe(200);
    expect(sink.items).toBe(1);
  });

  it("asks for a client certificate when it knows whose to trust", async () => {
    const sink = new Sink<"logs">();
    const tls = { cert_file, key_file, client_ca_file: cert_file, min_version: "1.3" } as const;
    await using receiver = await startReceiver({ logs: sink }, { tls });
    await expect(postSecurely(receiver.port)).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:ERR_SSL_|ECONNRESET|EPIPE)/),
    });
    expect(await postSecurely(receiver.port, { cert, key })).toBe(200);
    expect(sink.items).toBe(1);
  });

  it.each([
    ["HTTP", (tls: Tls) => startReceiver({}, { tls })],
    ["gRPC", (tls: Tls) => startGrpc({}, { tls })],
  ])("over %s follows its files: what is renewed is used, what is broken is not", async (_protocol, start) => {
    const folder = await mkdtemp(join(tmpdir(), "dbintel-tls-"));
    const files = { cert_file: join(folder, "tls.crt"), key_file: join(folder, "tls.key") };
    const install = async (name: string) => {
      await cp(fileURLToPath(new URL(`fixtures/${name}.crt`, import.meta.url)), files.cert_file);
      await cp(fileURLToPath(new URL(`fixtures/${name}.key`, import.meta.url)), files.key_file);
    };
    await install("localhost");
    await using receiver = await start({ ...files, reload_interval: "1m" });
    const { clock, lines } = receiver.host;
    const first = await shown(receiver.port);

    await writeFile(files.cert_file, "half of a fi");
    await clock.advance(60_000);
    await eventually("the broken file is noticed", () => lines.find(({ level }) => level === "warn"));
    expect(await shown(receiver.port)).toBe(first);

    await install("renewed");
    await clock.advance(60_000);
    await eventually("the new one is in use", () => lines.find(({ message }) => message.includes("were read again")));
    expect(await shown(receiver.port)).not.toBe(first);
    await rm(folder, { recursive: true });
  });
});
