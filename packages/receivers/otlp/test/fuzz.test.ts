import { Agent } from "node:http";
import { gzipSync } from "node:zlib";
import { encodeJson, logsBuilder } from "@dbintel/pdata";
import { Sink } from "@dbintel/pipeline/testing";

import fc from "fast-check";
import { expect, it } from "vitest";
import { post, startReceiver } from "./receiver.ts";

const builder = logsBuilder()
  .resource({ attributes: { "service.name": "shop" } })
  .scope({ name: "test" });
for (let index = 0; index < 5; index++) {
  builder.record({ body: `SELECT ${index}`, attributes: { "db.system.name": "postgresql", rows: BigInt(index) } });
}
const valid = builder.build();
const seeds = [valid.encode(), Buffer.from(encodeJson(valid)), gzipSync(valid.encode()), new Uint8Array(0)];

/** A valid body with some bytes changed, and cut somewhere. */
const body = fc
  .record({
    seed: fc.constantFrom(...seeds),
    edits: fc.array(fc.record({ at: fc.nat({ max: 2000 }), byte: fc.nat({ max: 255 }) }), { maxLength: 8 }),
    cut: fc.option(fc.nat({ max: 2000 }), { nil: undefined, freq: 3 }),
  })
  .map(({ seed, edits, cut }) => {
    const copy = Buffer.from(seed);
    for (const { at, byte } of edits) if (copy.length > 0) copy[at % copy.length] = byte;
    return copy.subarray(0, cut ?? copy.length);
  });
const headers = fc.record({
  "content-type": fc.constantFrom("application/x-protobuf", "application/json", "text/plain"),
  "content-encoding": fc.constantFrom("identity", "gzip", "deflate", "zstd", "br"),
});

it("answers whatever it is sent, and only with statuses that OTLP knows", async () => {
  const sink = new Sink<"logs">();
  await using receiver = await startReceiver({ logs: sink });
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  await fc.assert(
    fc.asyncProperty(headers, body, async (given, bytes) => {
      const reply = await post(receiver.port, { headers: given, body: bytes, agent });
      expect([200, 400, 415]).toContain(reply.status);
      if (reply.status !== 200) expect(reply.body.length).toBeGreaterThan(0);
    }),
    { numRuns: 2000 },
  );
  agent.destroy();
  const { received, refused, dropped } = receiver.host.accounting.of("logs");
  const malformed = dropped.get("malformed") ?? 0;
  expect(malformed).toBeGreaterThan(0);
  expect([received, refused, dropped.size]).toEqual([sink.items + malformed, 0, 1]);
  expect(receiver.host.lines.filter(({ level }) => level === "error")).toEqual([]);
  expect(receiver.host.clock.pendingTimers).toBe(0);
});
