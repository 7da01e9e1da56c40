import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { loginOf, never, settingsOf } from "./watch.ts";

it.each([
  ["SSH", { insecure: true }, "SSH-2.0-OpenSSH_9.2p1\r\n", '"SSH-2.0-OpenSSH_9.2p1" (SSH)'],
  ["SSH, over TLS", {}, "SSH-2.0-OpenSSH_9.2p1\r\n", '"SSH-2.0-OpenSSH_9.2p1" (SSH)'],
  ["MySQL's other protocol", { insecure: true }, "\x05\0\0\0\x0b\x08\x05\x1a\0", "(MySQL's X Protocol, port 33060;"],
  ["somebody who speaks first", { insecure: true }, "\x7fELF\x02\x01", '"\\x7fELF\\x02\\x01"'],
])("says at once that what answers is no MySQL: %s", async (_name, tls, banner, shown) => {
  const listener = createServer((socket) => void socket.on("error", () => {}).write(banner, "latin1"));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const settings = settingsOf({ host: "127.0.0.1", port, superuser: "otel", password: "secret" });
  const connection = new DatabaseConnection({ ...settings, login: loginOf("secret", tls) });
  const problem = await connection.query("SELECT 1", [], never).catch((reason: unknown) => reason);
  await connection.close();
  listener.close();
  expect(problem).toMatchObject({
    code: "DBI_DATABASE_UNREACHABLE",
    message: expect.stringContaining(`127.0.0.1:${port} is no MySQL or MariaDB server: it begins with `),
    hint: expect.stringContaining("check host and port of endpoint"),
    retryable: true,
  });
  expect((problem as Error).message).toContain(shown);
});
