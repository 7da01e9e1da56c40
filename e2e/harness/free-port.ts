import { once } from "node:events";
import { createServer, type Server } from "node:net";

/**
 * Below the ports that systems give to outgoing connections and to `listen(0)` (32768 and up on Linux, 49152 and up
 * elsewhere), so that nobody is given the port between the probe and its use, or while a server is restarted on it.
 */
const lowestPort = 10_000;
const portsPerProcess = 64;
const shares = 300;

/**
 * The first port of this process's share, on which it listens as long as it lives: so no other process of the tests takes
 * a port of this share, not even while the server that is to have it starts.
 */
let share: Promise<number> | undefined;
let next = 0;

/** A loopback port that nobody listens on, and that this process has not been given in its last 60 calls. */
export async function freePort(): Promise<number> {
  share ??= claimShare();
  const first = (await share) + 1;
  const count = portsPerProcess - 1;
  for (let tries = 0; tries < count; tries++) {
    const port = first + (next++ % count);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free between ${first} and ${first + count - 1}`);
}

async function claimShare(): Promise<number> {
  for (let tries = 0; tries < shares; tries++) {
    // Processes that run at the same time have neighbouring ids: most get their share at once.
    const port = lowestPort + ((process.pid + tries) % shares) * portsPerProcess;
    const server = await listenOn(port);
    if (server === undefined) continue;
    server.unref();
    return port;
  }
  throw new Error(`each share of ports from ${lowestPort} on is taken`);
}

async function isFree(port: number): Promise<boolean> {
  const server = await listenOn(port);
  if (server === undefined) return false;
  server.close();
  await once(server, "close");
  return true;
}

/** Nothing where somebody listens there. */
async function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return server;
  } catch {
    return undefined;
  }
}
