import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { isLoopback, listen } from "./listen.ts";

const setting = "endpoint of test";

async function close(server: ReturnType<typeof createServer>): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

describe("listen", () => {
  it("binds localhost to the IPv4 loopback and says which port was chosen", async () => {
    const server = createServer();
    const bound = await listen(server, { address: { host: "localhost", port: 0 }, setting });
    expect(bound.host).toBe("127.0.0.1");
    expect(bound.port).toBeGreaterThan(0);
    await close(server);
  });

  it("says what is taken and where to choose another", async () => {
    const first = createServer();
    const { port } = await listen(first, { address: { host: "localhost", port: 0 }, setting });
    await expect(listen(createServer(), { address: { host: "localhost", port }, setting })).rejects.toMatchObject({
      code: "DBI_LISTEN",
      message: `cannot listen on localhost:${port}: EADDRINUSE`,
      hint: "Another program listens there, perhaps another collector: stop it, or choose another port in endpoint of test.",
    });
    await close(first);
  });

  it("says that an address is not this machine's", async () => {
    // 192.0.2.0/24 is kept for documentation (RFC 5737): no machine has it.
    const address = { host: "192.0.2.1", port: 0 };
    await expect(listen(createServer(), { address, setting })).rejects.toMatchObject({
      code: "DBI_LISTEN",
      hint: expect.stringContaining("does not have this address"),
    });
  });
});

describe("addresses", () => {
  it.each([
    ["localhost", true],
    ["127.0.0.1", true],
    ["127.8.8.8", true],
    ["::1", true],
    ["0.0.0.0", false],
    ["::", false],
    ["127.example.com", false],
  ])("%s is loopback: %s", (host, expected) => {
    expect(isLoopback({ host, port: 1 })).toBe(expected);
  });
});
