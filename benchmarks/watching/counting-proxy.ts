import { type AddressInfo, createServer, connect as dial } from "node:net";

/** Forwards the TCP connections of a database's clients and counts what goes through. */
export interface CountingProxy extends AsyncDisposable {
  readonly port: number;
  /** Since the last call: bytes as the client sees them, and how long it waited for answers on all connections. */
  take(): { readonly sent: number; readonly received: number; readonly waitedMs: number };
}

/** An answer lasts from the question to the last bytes before the next one: so no protocol has to be read. */
export async function countingProxy(target: { readonly host: string; readonly port: number }): Promise<CountingProxy> {
  let sent = 0;
  let received = 0;
  let waitedMs = 0;
  const server = createServer((client) => {
    const upstream = dial(target.port, target.host);
    let askedMs: number | undefined;
    client.on("data", (chunk) => {
      sent += chunk.length;
      askedMs = performance.now();
    });
    upstream.on("data", (chunk) => {
      received += chunk.length;
      const nowMs = performance.now();
      waitedMs += nowMs - (askedMs ?? nowMs);
      askedMs = nowMs;
    });
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy()).setNoDelay(true);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    take() {
      const taken = { sent, received, waitedMs };
      sent = 0;
      received = 0;
      waitedMs = 0;
      return taken;
    },
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
