import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { decodeLogs } from "@dbintel/pdata";
import { expect, it } from "vitest";
import { logs, startExporter, until } from "./support.ts";

/** A real server that answers when it is told to. */
async function listen() {
  const held: ServerResponse[] = [];
  const taken: string[] = [];
  const bodies = new Map<ServerResponse, string[]>();
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const texts: string[] = [];
    for (const { body } of decodeLogs(gunzipSync(Buffer.concat(chunks))).records()) texts.push(String(body));
    bodies.set(response, texts);
    held.push(response);
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const answer = (status: number) => {
    for (const response of held.splice(0)) {
      if (status === 200) taken.push(...(bodies.get(response) ?? []));
      response.writeHead(status).end();
    }
  };
  return {
    ...{ held, taken, answer },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

it("has one request on its way after an overload, and one more with each round trip that is as usual", async () => {
  await using server = await listen();
  // No timeout: the fake clock below runs on while a real answer is on its way.
  await using exporter = await startExporter({
    endpoint: server.url,
    timeout: "0s",
    retry_on_failure: { randomization_factor: 0 },
    sending_queue: { num_consumers: 4 },
  });
  const requests = 40;
  for (let number = 0; number < requests; number++) await exporter.consume(logs(1, `${number}-`));
  await until(() => server.held.length === 4);
  server.answer(503);
  await until(() => exporter.host.statuses.length === 4);
  await exporter.host.clock.advance(5000);
  for (const inFlight of [1, 2, 3, 4, 4, 4]) {
    await until(() => server.held.length === inFlight);
    await exporter.host.clock.advance(100);
    expect(server.held).toHaveLength(inFlight);
    server.answer(200);
  }
  while (exporter.sent < requests) {
    server.answer(200);
    await exporter.host.clock.advance(100);
  }
  expect(server.taken.toSorted()).toEqual(Array.from({ length: requests }, (_, number) => `${number}-0`).toSorted());
});
