import { once } from "node:events";
import { createServer } from "node:net";
import { freePort } from "@dbintel/e2e/servers";

/** The port itself where nobody listens on it on the loopback interface, else one that is free. */
export async function preferredPort(port: number): Promise<number> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return port;
  } catch {
    return await freePort();
  } finally {
    server.close();
  }
}
