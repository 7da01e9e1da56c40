import { PartialError, PermanentError, RefusedError, RetryableError } from "@dbintel/errors";
import { type Logs, logsBuilder } from "@dbintel/pdata";
import type { Consumer } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createPoller } from "./poller.ts";

const answer = fc.constantFrom("take", "refuse", "retry", "reject", "part", "fail");

function batch(records: number): Logs {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (let record = 0; record < records; record++) builder.record({});
  return builder.build();
}

it("received = sent + dropped + held at every moment, and no checkpoint moves before its data is gone", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(4), { maxLength: 3 }), { maxLength: 8 }),
      fc.array(answer, { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 10 }),
      async (polls, answers, advances) => {
        const host = createTestHost();
        const ledger = host.accounting.of("logs");
        const open = new Set<Logs>();
        const commits: number[] = [];
        // The edge of the graph, which counts what was sent.
        const edge: Consumer<"logs"> = {
          async consume(offered) {
            const verdict = answers.shift() ?? "take";
            if (verdict === "refuse") throw new RefusedError("full");
            if (verdict === "retry") throw new RetryableError("later", { delayMs: 2500 });
            open.delete(offered);
            if (verdict === "reject") throw new PermanentError("never");
            if (verdict === "fail") throw new TypeError("defect");
            host.accounting.sent("logs", offered.count);
            if (verdict === "part") throw new PartialError("some", { rejected: 0 });
          },
        };
        let polled = 0;
        const poller = createPoller({
          host,
          name: "test",
          interval: 5000,
          next: { logs: edge },
          poll: async () => {
            const number = polled++;
            const batches = (polls[number] ?? []).map(batch);
            for (const each of batches) if (each.count > 0) open.add(each);
            return {
              batches,
              commit: () => {
                expect(open.size).toBe(0);
                commits.push(number);
              },
            };
          },
        });
        poller.start();
        for (const byMs of advances) {
          await host.clock.advance(byMs);
          expect(ledger.held).toBe(poller.held("logs"));
        }
        await poller.stop({ signal: new AbortController().signal });
        expect(ledger.held).toBe(0);
        expect(poller.held("logs")).toBe(0);
        // Every poll moved the checkpoint, in order, except a last one whose data was lost with the shutdown.
        const settled = ledger.dropped.has("shutdown") ? polled - 1 : polled;
        expect(commits).toEqual(Array.from({ length: settled }, (_, number) => number));
        const items = polls.slice(0, polled).flat();
        expect(ledger.received).toBe(items.reduce((sum, each) => sum + each, 0));
      },
    ),
    { numRuns: 300 },
  );
});
