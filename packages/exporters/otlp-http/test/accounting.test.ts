import { gunzipSync } from "node:zlib";
import { decodeLogs, encodeExportResponse } from "@dbintel/pdata";
import { createPipeline, type RunningComponent } from "@dbintel/pipeline";
import { createTestHost, seededRandom, settle } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { otlpHttp } from "../src/index.ts";
import { logs, type Reply, TestServer } from "./support.ts";

const protobuf = { "content-type": "application/x-protobuf" };

/** What a moody backend answers, and how many of the items it keeps. */
function moods(count: number): readonly (readonly [reply: Reply, kept: number])[] {
  const partial = encodeExportResponse("logs", { partialSuccess: { rejected: 1n, errorMessage: "one" } }, "protobuf");
  return [
    [{}, count],
    [{ headers: protobuf, body: partial }, count - 1],
    [{ status: 400 }, 0],
    [{ status: count > 3 ? 413 : 200 }, count > 3 ? 0 : count],
    [{ status: 429, headers: { "retry-after": "3" } }, 0],
    [{ status: 503 }, 0],
  ];
}

function sum(dropped: RunningComponent["ledger"], signal: "logs"): number {
  return [...dropped.of(signal).dropped.values()].reduce((total, items) => total + items, 0);
}

describe.each([
  ["a queue", {}],
  ["batching", { batch: { min_size: 10, max_size: 20 } }],
  ["a small queue", { queue_size: 5 }],
  ["calls that wait", { wait_for_result: true }],
  ["no queue", { enabled: false }],
])("a pipeline with %s", (_, sending_queue) => {
  it("accounts for every record that it was given", async () => {
    await using server = await TestServer.listen();
    const random = seededRandom(7);
    let kept = 0;
    server.behaviour = ({ body }) => {
      const choices = moods(decodeLogs(gunzipSync(body)).count);
      const [reply, items] = choices[Math.floor(random.next() * choices.length)] ?? [{}, 0];
      kept += items;
      return reply;
    };
    const host = createTestHost();
    // No timeout and no deadline: the fake clock below runs on while a real answer is on its way.
    const retry_on_failure = { max_elapsed_time: "1m" };
    const exporter = otlpHttp({ endpoint: server.url, timeout: "0s", sending_queue, retry_on_failure });
    const pipeline = createPipeline({ exporter, host, stopDeadlineMs: 86_400_000 });
    let given = 0;
    let refused = 0;
    const calls: Promise<void>[] = [];
    for (let index = 0; index < 60; index++) {
      const batch = logs(1 + (index % 12), `${index}-`);
      given += batch.count;
      const call = pipeline.logs.consume(batch).catch((error: { readonly kind: string }) => {
        if (error.kind !== "partial") refused += batch.count;
      });
      calls.push(call);
      if (index % 5 === 0) await host.clock.advance(500);
    }
    const running = pipeline.accounting().find(({ kind }) => kind === "exporter");
    if (running === undefined) throw new Error("there is no exporter");
    const { ledger } = running;
    let done = false;
    const all = Promise.all(calls).then(() => pipeline.stop());
    void all.then(() => {
      done = true;
    });
    while (!done) {
      await host.clock.advance(100);
      await settle();
    }
    expect(running.held("logs")).toBe(0);
    expect(ledger.of("logs").held).toBe(0);
    expect(ledger.of("logs").received).toBe(given);
    expect(ledger.of("logs").refused).toBe(refused);
    expect(ledger.of("logs").sent).toBe(kept);
    expect(kept + sum(ledger, "logs") + refused).toBe(given);
    expect(kept).toBeGreaterThan(0);
  });
});
