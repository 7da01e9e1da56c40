import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { loginOf, never, settingsOf } from "./watch.ts";

/** The greeting of a MySQL, whose length may be the letter with which PostgreSQL answers: int<3> length, int<1> 0, int<1> 10. */
function greeting(length: number): Buffer {
  const packet = Buffer.alloc(4 + length, "x");
  packet.writeUInt32LE(length, 0);
  packet.write("\n9.7.0\0", 4);
  return packet;
}

const ssh = Buffer.from("SSH-2.0-OpenSSH_9.2p1\r\n");
const http = Buffer.from("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");

const first = (bytes: Buffer) => (socket: Socket) => void socket.write(bytes);
const asked = (bytes: Buffer) => (socket: Socket) => void socket.once("data", () => socket.end(bytes));

it.each([
  ["SSH", first(ssh), '"SSH-2.0-OpenSSH_9.2p1" (SSH)'],
  ["HTTP", asked(http), '"HTTP/1.1 400 Bad Request" (HTTP)'],
  ["MySQL, as an error", first(greeting(0x45)), '"E\\x00\\x00\\x00" (MySQL)'],
  ["MySQL, as a notice, or a refusal of TLS", first(greeting(0x4e)), '"N\\x00\\x00\\x00" (MySQL)'],
  ["MySQL, as consent to TLS", first(greeting(0x53)), '"S\\x00\\x00\\x00" (MySQL)'],
])("says at once that what answers is no PostgreSQL: %s", async (_name, serve, shown) => {
  const listener = createServer((socket) => serve(socket.on("error", () => {}))).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const settings = settingsOf({ host: "127.0.0.1", port, superuser: "otel", password: "secret" });
  for (const tls of [{ insecure: true }, {}]) {
    const connection = new DatabaseConnection({ ...settings, login: loginOf("secret", tls) }, "postgres");
    const problem = await connection.query("SELECT 1", [], never).catch((reason: unknown) => reason);
    await connection.close();
    expect(problem).toMatchObject({
      code: "DBI_DATABASE_UNREACHABLE",
      message: expect.stringContaining(`127.0.0.1:${port} is no PostgreSQL server: it begins with ${shown}`),
      hint: expect.stringContaining("check host and port of endpoint"),
      retryable: true,
    });
  }
  listener.close();
});
