import { freePort } from "@dbintel/e2e/free-port";
import { decode } from "@dbintel/pdata";
import { describeExporterContract } from "@dbintel/pipeline/testing/contracts";
import { otlpGrpc } from "../src/index.ts";
import { TestServer } from "./server.ts";

const tls = { insecure: true };

describeExporterContract(otlpGrpc, {
  destination: async () => {
    const server = await TestServer.listen();
    return {
      config: { endpoint: `127.0.0.1:${server.port}`, tls },
      items: () => server.seen.reduce((sum, { signal, message }) => sum + decode(signal, message).count, 0),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  unreachable: async () => ({ endpoint: `127.0.0.1:${await freePort()}`, tls }),
});
