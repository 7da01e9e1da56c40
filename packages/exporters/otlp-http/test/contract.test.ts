import { freePort } from "@dbintel/e2e/free-port";
import { decode, type Signal } from "@dbintel/pdata";
import { describeExporterContract } from "@dbintel/pipeline/testing/contracts";
import { otlpHttp } from "../src/index.ts";
import { TestServer } from "./support.ts";

describeExporterContract(otlpHttp, {
  destination: async () => {
    const server = await TestServer.listen();
    return {
      config: { endpoint: server.url, compression: "none" as const },
      items: () =>
        server.seen.reduce((sum, { url, body }) => sum + decode(url.replace("/v1/", "") as Signal, body).count, 0),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  unreachable: async () => ({ endpoint: `http://127.0.0.1:${await freePort()}` }),
});
