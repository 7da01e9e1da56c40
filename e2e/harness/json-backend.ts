import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";

/** An HTTP server on a free port of the loopback interface that hands each request's JSON to `answer`. */
export interface JsonBackend extends AsyncDisposable {
  readonly endpoint: string;
}

export interface JsonRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the body, as it came. */
  readonly byteLength: number;
  readonly body: unknown;
}

/** A request whose body is no JSON, or that `answer` throws at, gets a 400. */
export async function startJsonBackend(
  answer: (request: JsonRequest, response: ServerResponse) => void,
): Promise<JsonBackend> {
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      response.setHeader("content-type", "application/json");
      const bytes = Buffer.concat(chunks);
      const { url: path = "", headers } = request;
      answer({ path, headers, byteLength: bytes.length, body: JSON.parse(bytes.toString()) }, response);
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
