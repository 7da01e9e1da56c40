import { type AddressInfo, createServer, connect as dial } from "node:net";

/** Forwards TCP connections and counts what goes through. */
export interface CountingProxy extends AsyncDisposable {
  readonly port: number;
  /** Bytes since the last call, as the client sees them. */
  take(): { readonly sent: number; readonly received: number };
}

export async function countingProxy(target: { readonly host: string; readonly port: number }): Promise<CountingProxy> {
  let sent = 0;
  let received = 0;
  const server = createServer((client) => {
    const upstream = dial(target.port, target.host);
    client.on("data", (chunk) => {
      sent += chunk.length;
    });
    upstream.on("data", (chunk) => {
      received += chunk.length;
    });
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy()).setNoDelay(true);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    take() {
      const taken = { sent, received };
      sent = 0;
      received = 0;
      return taken;
    },
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
