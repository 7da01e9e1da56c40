import { PartialError, PermanentError, RefusedError, RetryableError } from "@dbintel/errors";
import { type Logs, logsBuilder } from "@dbintel/pdata";
import { createPipeline } from "@dbintel/pipeline";
import { FakeClock } from "@dbintel/pipeline/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { batch } from "./component.ts";

type Outcome = "taken" | "retryable" | "refused" | "permanent" | "partial";

const errors = {
  retryable: () => new RetryableError("away"),
  refused: () => new RefusedError("full"),
  permanent: () => new PermanentError("never"),
  partial: () => new PartialError("some", { rejected: 1 }),
} as const;

const settings = fc.record({
  send_batch_size: fc.integer({ min: 0, max: 12 }),
  extra: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
  send_batch_max_bytes: fc.constantFrom(0, 150, 400),
  timeout: fc.constantFrom("0s", "200ms"),
});
const outcome = fc.constantFrom<Outcome>("taken", "taken", "taken", "retryable", "refused", "permanent", "partial");
const requests = fc.array(fc.record({ records: fc.integer({ min: 1, max: 15 }), pauseMs: fc.constantFrom(0, 0, 90) }), {
  maxLength: 12,
});

function logsOf(request: number, records: number): Logs {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "" });
  for (let index = 0; index < records; index++) builder.record({ body: `${request}/${index}` });
  return builder.build();
}

it("loses nothing, invents nothing, keeps its limits and its accounts, whatever the next component answers", async () => {
  await fc.assert(
    fc.asyncProperty(settings, requests, fc.array(outcome), async ({ extra, ...given }, sent, outcomes) => {
      const maxItems = extra === undefined ? 0 : Math.max(1, given.send_batch_size + extra);
      const clock = new FakeClock();
      const taken = new Map<string, number>();
      const script = [...outcomes];
      const next = {
        async consume(logs: Logs) {
          if (maxItems > 0) expect(logs.count).toBeLessThanOrEqual(maxItems);
          if (given.send_batch_max_bytes > 0 && logs.count > 1) {
            expect(logs.byteSize).toBeLessThanOrEqual(given.send_batch_max_bytes);
          }
          const answer = script.shift() ?? "taken";
          if (answer !== "taken" && answer !== "partial") throw errors[answer]();
          for (const { body } of logs.records()) taken.set(String(body), (taken.get(String(body)) ?? 0) + 1);
          if (answer === "partial") throw errors.partial();
        },
      };
      const config = { ...given, send_batch_max_size: maxItems };
      const pipeline = createPipeline({ processors: [batch(config)], exporter: { logs: next }, host: { clock } });
      await pipeline.start();
      const calls: Promise<unknown>[] = [];
      for (const [index, { records, pauseMs }] of sent.entries()) {
        calls.push(
          pipeline.logs.consume(logsOf(index, records)).then(
            () => "taken",
            (reason: unknown) => reason,
          ),
        );
        await clock.advance(pauseMs);
      }
      await clock.advance(200);
      const answers = await Promise.all(calls);

      for (const [index, { records }] of sent.entries()) {
        const times = Array.from({ length: records }, (_, record) => taken.get(`${index}/${record}`) ?? 0);
        if (answers[index] === "taken") expect(times.every((count) => count === 1)).toBe(true);
        else expect(times.every((count) => count <= 1)).toBe(true);
      }
      for (const { ledger } of pipeline.accounting()) expect(ledger.of("logs").held).toBe(0);
      expect(clock.pendingTimers).toBe(0);
      await pipeline.stop();
    }),
    { numRuns: 200 },
  );
});
