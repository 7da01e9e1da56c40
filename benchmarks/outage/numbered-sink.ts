import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { gunzipSync } from "node:zlib";
import { decodeLogs } from "@dbintel/pdata";

/** A backend that can go away and come back at its port, and counts the records of each request of the sender. */
export class NumberedSink {
  /** Records that came, by the number of their request. */
  readonly arrived = new Map<bigint, number>();
  #records = 0;
  #server: Server | undefined;
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  get records(): number {
    return this.#records;
  }

  async open(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.#take(gunzipSync(Buffer.concat(chunks), { chunkSize: 1 << 20 }));
        // A server that closes goes on with a connection that always has a request; the sender has to leave it.
        const connection = server.listening ? "keep-alive" : "close";
        response.writeHead(200, { "content-type": "application/x-protobuf", connection }).end();
      });
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
  }

  /** New connections are refused, those that are there end when their last request is answered. Idempotent. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    server.closeIdleConnections();
    await once(server, "close");
  }

  #take(body: Buffer): void {
    for (const { timeUnixNano } of decodeLogs(body).records()) {
      this.arrived.set(timeUnixNano, (this.arrived.get(timeUnixNano) ?? 0) + 1);
      this.#records += 1;
    }
  }
}
