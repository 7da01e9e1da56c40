import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { fileURLToPath } from "node:url";
import { logsBuilder } from "@dbintel/pdata";
import { Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { startReceiver } from "./receiver.ts";

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
      code: expect.stringMatching(/^(?:ERR_SSL_|ECONNRESET)/),
    });
    expect(await postSecurely(receiver.port, { cert, key })).toBe(200);
    expect(sink.items).toBe(1);
  });
});
