import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { FirstAnswer, type ServerGreeting } from "./first-answer.ts";

const greeting: ServerGreeting = {
  server: "Hello",
  endpoint: "db:1",
  begins: (bytes) => Buffer.from(bytes).toString().startsWith("hello"),
  silenceHint: "ask it",
};

/** What a socket hears from a server that does this, and why it was left. */
async function heard(serve: (socket: Socket) => void, longestMs?: number) {
  const server = createServer((socket) => serve(socket.on("error", () => {}))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const answer = new FirstAnswer(socket, greeting, longestMs);
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("close", resolve));
  server.close();
  return { text, problem: answer.problem };
}

it("leaves a server alone that begins as it should, however little it says, and however long it is silent then", async () => {
  const says = (words: string) => heard((socket) => socket.end(words));
  expect(await says("hello")).toEqual({ text: "hello", problem: undefined });
  expect(await says("hello, SSH-2.0")).toEqual({ text: "hello, SSH-2.0", problem: undefined });
  expect(await says("")).toEqual({ text: "", problem: undefined });
});

it.each([
  ["SSH-2.0-OpenSSH_9.2\r\n", '"SSH-2.0-OpenSSH_9.2" (SSH)'],
  ["HTTP/1.1 400 Bad Request\r\nServer: x\r\n", '"HTTP/1.1 400 Bad Request" (HTTP)'],
  ["220 mail.example.com ESMTP\r\n", '"220 mail.example.com ESMTP" (mail or FTP)'],
  ["\x15\x03\x01\0\x02\x02\x28", '"\\x15\\x03\\x01\\x00\\x02\\x02(" (TLS)'],
  ["J\0\0\0\n9.7.0\0", '"J\\x00\\x00\\x00" (MySQL)'],
  ["\x05\0\0\0\x0b\x08\x05\x1a\0", `(MySQL's X Protocol, port 33060; the one that is wanted has 3306)`],
  ['a "quoted" \x1b[31m word', '"a \\x22quoted\\x22 \\x1b[31m word"'],
  ["x".repeat(10_000), `"${"x".repeat(48)}"`],
])("leaves who begins with %j at once, and says with what it began", async (words, shown) => {
  // A server that goes on listening: the driver would wait.
  const { problem } = await heard((socket) => socket.write(words, "latin1"));
  expect(problem).toMatchObject({
    code: "DBI_DATABASE_UNREACHABLE",
    hint: expect.stringContaining("check host and port of endpoint"),
    retryable: true,
  });
  expect(problem?.message).toContain("what answers at db:1 is no Hello server: it begins with ");
  expect(problem?.message.endsWith(shown)).toBe(true);
});

it("leaves who takes the connection and says nothing", async () => {
  const { problem } = await heard(() => {}, 20);
  expect(problem).toMatchObject({
    code: "DBI_DATABASE_UNREACHABLE",
    message: "db:1 takes connections and says nothing within 0.02 s: it is no Hello server, or one that hangs",
    hint: "check host and port of endpoint: ask it",
  });
});
