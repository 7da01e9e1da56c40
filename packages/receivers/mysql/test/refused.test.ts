import { once } from "node:events";
import { createServer } from "node:net";
import { freePort } from "@dbintel/e2e/servers";
import { expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { databaseProblem, isAnswer } from "../src/connection/problems.ts";
import { never, settingsOf } from "./watch.ts";

/**
 * The ERR packet that a server sends in place of its greeting, which has no SQL state yet: int<3> length, int<1> 0,
 * int<1> 0xff, int<2> number, string<EOF> message.
 */
function refusal(number: number, message: string): Buffer {
  const text = Buffer.from(message);
  const packet = Buffer.alloc(7);
  packet.writeUIntLE(3 + text.length, 0, 3);
  packet.writeUInt8(0xff, 4);
  packet.writeUInt16LE(number, 5);
  return Buffer.concat([packet, text]);
}

it.each([
  [1040, "Too many connections", "DBI_DATABASE_UNREACHABLE", /raise max_connections/],
  [1129, "Host '10.0.0.7' is blocked because of many connection errors", "DBI_DATABASE_UNREACHABLE", /host_cache/],
  [1130, "Host '10.0.0.7' is not allowed to connect to this MySQL server", "DBI_DATABASE_AUTHENTICATION", /exists for/],
] as const)("a server that refuses before its greeting is understood: %d", async (number, message, code, hint) => {
  const host = "127.0.0.1";
  const port = await freePort();
  const listener = createServer((socket) => void socket.on("error", () => {}).end(refusal(number, message)));
  listener.listen(port, host);
  await once(listener, "listening");
  const connection = new DatabaseConnection(settingsOf({ host, port, superuser: "otel", password: "secret" }));
  const error = await connection.query("SELECT 1", [], never).catch((reason: unknown) => reason);
  await connection.close();
  listener.close();
  expect(isAnswer(error)).toBe(false);
  const problem = databaseProblem(error, { endpoint: `${host}:${port}`, username: "otel" });
  expect(problem).toMatchObject({ code, hint: expect.stringMatching(hint) });
  expect(problem.message).toContain(message.slice(-15));
});
