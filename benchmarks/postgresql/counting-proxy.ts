import { type AddressInfo, createServer, connect as dial } from "node:net";

/** Forwards TCP connections of PostgreSQL's clients and counts what goes through. */
export interface CountingProxy extends AsyncDisposable {
  readonly port: number;
  /** Since the last call: bytes as the client sees them, and how long it waited for answers on all connections. */
  take(): { readonly sent: number; readonly received: number; readonly waitedMs: number };
}

/** The message ReadyForQuery but for its last byte: each answer ends with it. */
const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5]);

export async function countingProxy(target: { readonly host: string; readonly port: number }): Promise<CountingProxy> {
  let sent = 0;
  let received = 0;
  let waitedMs = 0;
  const server = createServer((client) => {
    const upstream = dial(target.port, target.host);
    let askedMs: number | undefined;
    client.on("data", (chunk) => {
      sent += chunk.length;
      askedMs ??= performance.now();
    });
    upstream.on("data", (chunk) => {
      received += chunk.length;
      if (askedMs === undefined || !chunk.subarray(-6, -1).equals(readyForQuery)) return;
      waitedMs += performance.now() - askedMs;
      askedMs = undefined;
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
