import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { logRecords } from "./otlp-json.ts";

/** An OTLP/HTTP backend that takes JSON, remembers every record by its `id` attribute, and fails on demand. */
export interface FlakyBackend extends AsyncDisposable {
  readonly endpoint: string;
  /** How often each record was taken with a 200. */
  readonly taken: ReadonlyMap<string, number>;
  /** Requests that were answered, of any status. */
  readonly requests: number;
  /** Answers the next requests with these statuses, 503 with `Retry-After: 1`. */
  failNext(...statuses: readonly number[]): void;
  /** From now on every request gets this status; 200 ends it. */
  answerAlways(status: number): void;
}

export async function startFlakyBackend(): Promise<FlakyBackend> {
  const taken = new Map<string, number>();
  const failures: number[] = [];
  let always = 200;
  let requests = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    requests += 1;
    const status = failures.shift() ?? always;
    if (status === 200) {
      for (const { attributes } of logRecords([JSON.parse(Buffer.concat(chunks).toString())])) {
        const id = String(attributes.id);
        taken.set(id, (taken.get(id) ?? 0) + 1);
      }
    }
    response.writeHead(status, {
      "content-type": "application/json",
      ...(status === 503 ? { "retry-after": "1" } : {}),
    });
    response.end("{}");
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    taken,
    get requests() {
      return requests;
    },
    failNext: (...statuses) => void failures.push(...statuses),
    answerAlways: (status) => {
      always = status;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
