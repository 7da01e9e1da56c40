import { isConsumeError, PartialError, PermanentError, RetryableError } from "@dbintel/errors";
import { type Batch, type Logs, logsBuilder } from "@dbintel/pdata";
import { createTestHost, settle } from "@dbintel/pipeline/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readQueue } from "../test/read-queue.ts";
import { createDelivery } from "./delivery.ts";
import { deliverySettings } from "./settings.ts";

const schema = z.strictObject(deliverySettings());

/** What the destination does with an attempt. */
const answer = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: "take" as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("retryable" as const), delayMs: fc.nat(20_000) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "permanent" as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("partial" as const), rejected: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "too_large" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "defect" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "hang" as const }) },
);

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("send" as const), items: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(40_000) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "leave" as const }) },
);

const queue = fc.record({
  enabled: fc.boolean(),
  num_consumers: fc.integer({ min: 1, max: 3 }),
  sizer: fc.constantFrom("bytes" as const, "items" as const, "requests" as const),
  queue_size: fc.constantFrom(12, 600, 1_000_000),
  block_on_overflow: fc.boolean(),
  wait_for_result: fc.boolean(),
  batch: fc.option(
    fc.constantFrom(
      { min_size: 0, max_size: 4 },
      { min_size: 8, max_size: 8 },
      { min_size: 5, max_size: 0 },
      { sizer: "bytes" as const, min_size: 50, max_size: 120 },
    ),
    { nil: undefined },
  ),
});

class Records {
  #next = 0;

  batch(items: number): Logs {
    const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
    for (let index = 0; index < items; index++) builder.record({ body: `id-${this.#next++}` });
    return builder.build();
  }
}

describe("createDelivery under faults", () => {
  it("accounts for every item at every quiescent point and keeps its bound", async () => {
    await fc.assert(
      fc.asyncProperty(
        queue,
        fc.array(answer, { maxLength: 30 }),
        fc.array(step, { maxLength: 30 }),
        fc.nat(60_000),
        async (sending_queue, answers, steps, graceMs) => {
          const config = schema.safeParse({ timeout: "7s", sending_queue });
          fc.pre(config.success);
          const host = createTestHost();
          const acknowledged: string[] = [];
          let partlyTaken = 0;
          const script = answers.values();
          const sender = {
            async send(batch: Batch): Promise<void> {
              const next = script.next().value ?? { kind: "take" };
              switch (next.kind) {
                case "hang":
                  return new Promise<void>(() => {});
                case "retryable":
                  throw new RetryableError("busy", { delayMs: next.delayMs });
                case "permanent":
                  throw new PermanentError("bad");
                case "too_large":
                  throw new PermanentError("too large", { httpStatus: 413 });
                case "defect":
                  throw new TypeError("defect");
                case "partial":
                  partlyTaken += Math.max(0, batch.count - next.rejected);
                  throw new PartialError("some are bad", { rejected: next.rejected });
                case "take":
                  if (batch.signal === "logs") for (const { body } of batch.records()) acknowledged.push(String(body));
              }
            },
          };
          const size = readQueue(host);
          const delivery = createDelivery({ id: "test", host: size.host, config: config.data, sender });
          const stopping = new AbortController();
          const callers = new Set<AbortController>();
          const edge = { received: 0, refused: 0, rejected: 0 };
          await delivery.start({ signal: stopping.signal });

          /** What the edge of the pipeline does. */
          const send = async (batch: Logs) => {
            const caller = new AbortController();
            callers.add(caller);
            edge.received += batch.count;
            try {
              await delivery.consumers.logs?.consume(batch, caller);
            } catch (error) {
              if (!isConsumeError(error)) throw error;
              if (error.kind === "partial") edge.rejected += error.rejected;
              else edge.refused += batch.count;
            }
            callers.delete(caller);
          };
          const check = () => {
            const { sent, dropped } = host.accounting.of("logs");
            const lost = [...dropped.values()].reduce((sum, items) => sum + items, 0);
            const held = delivery.held("logs");
            expect(sent + lost + edge.refused + edge.rejected + held).toBe(edge.received);
            expect(sent).toBe(acknowledged.length + partlyTaken);
            expect(new Set(acknowledged).size).toBe(acknowledged.length);
            const { current, capacity } = size.read();
            expect(current).toBeLessThanOrEqual(capacity);
          };

          const records = new Records();
          const calls: Promise<void>[] = [];
          for (const action of steps) {
            if (action.kind === "send") calls.push(send(records.batch(action.items)));
            else if (action.kind === "wait") await host.clock.advance(action.ms);
            else for (const caller of [...callers]) caller.abort();
            await settle();
            check();
          }
          const stopped = delivery.stop({ signal: stopping.signal });
          await host.clock.advance(graceMs);
          check();
          stopping.abort();
          await stopped;
          await Promise.all(calls);
          check();
          expect(delivery.held("logs")).toBe(0);
          expect(host.clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: 3000 },
    );
  }, 300_000);
});
