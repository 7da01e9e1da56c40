import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the ports that systems give to outgoing connections and to `listen(0)` (32768 and up on Linux, 49152 and up
 * elsewhere), so that nobody is given the port between the probe and its use, or while a server is restarted on it.
 */
const lowestPort = 10_000;
const portsPerProcess = 64;
const shares = 300;

/** Processes that run at the same time have neighbouring ids, hence other shares. */
let next = 0;

/** A loopback port that nobody listens on, and that this process has not been given in its last 60 calls. */
export async function freePort(): Promise<number> {
  const base = lowestPort + (process.pid % shares) * portsPerProcess;
  for (let tries = 0; tries < portsPerProcess; tries++) {
    const port = base + (next++ % portsPerProcess);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free between ${base} and ${base + portsPerProcess - 1}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
