import { PermanentError, RetryableError } from "@dbintel/errors";
import { logsBuilder } from "@dbintel/pdata";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { Journals } from "../../test/journals.ts";
import { judged, lettersIn } from "../../test/judging-delivery.ts";
import { logs, type Settings } from "../../test/running-delivery.ts";

/** What a record is to the destination, and why it becomes a dead letter. */
const kinds = { good: undefined, rejected: "rejected", poison: "poison", huge: "too_large" } as const;
type Kind = keyof typeof kinds;

const kind = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Kind>("good") },
  { weight: 1, arbitrary: fc.constantFrom<Kind>("rejected", "poison", "huge") },
);
const requests = fc.array(fc.array(kind, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 5 });

function judge(bodies: readonly string[]): Error | undefined {
  const has = (wanted: Kind) => bodies.some((body) => body.startsWith(wanted));
  if (has("rejected")) return new PermanentError("bad", { httpStatus: 400 });
  if (has("huge")) return new PermanentError("too large", { httpStatus: 413 });
  return has("poison") ? new RetryableError("away", { httpStatus: 503 }) : undefined;
}

const made: Journals[] = [];
afterEach(async () => {
  for (const journals of made.splice(0)) await journals[Symbol.asyncDispose]();
});

describe.each([
  ["in memory", 15, {}],
  ["on disk", 5, { storage: "file_storage" }],
] as const)("dead letters and a queue %s", (_where, numRuns, queue) => {
  it("have every record between them and the destination, once, and only the bad ones are letters", async () => {
    await fc.assert(
      fc.asyncProperty(
        requests,
        // More than there are requests: one is free for what else there is.
        fc.integer({ min: 6, max: 10 }),
        fc.option(fc.constantFrom({ min_size: 0, max_size: 7 }, { min_size: 30 }), { nil: undefined }),
        async (sent, num_consumers, batch) => {
          const journals = await Journals.make();
          made.push(journals);
          const settings: Settings = {
            sending_queue: { ...queue, num_consumers, concurrency: "fixed", batch },
            dead_letters: { storage: "file_storage", isolation_requests: 10_000 },
          };
          // Longer than it takes until other data comes: else it depends on the disk whether any comes meanwhile.
          const run = await judged({ journals, judge, settings, failsAfterMs: 3000 });
          const expected = new Map<string, string | undefined>();
          for (const [request, records] of sent.entries()) {
            const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
            for (const [index, what] of records.entries()) {
              const body = `${what} ${request} ${index}`;
              builder.record({ body });
              expected.set(body, kinds[what]);
            }
            await run.send(builder.build());
          }
          // Other data goes on to be taken meanwhile: by that a bad record is told from a destination that is down.
          let others = 0;
          while (run.account().held > 0) {
            if (others === 0 || run.taken.includes(`other${others - 1} 0`))
              await run.send(logs(1, `other${others++} `));
            await run.settled();
            await run.host.clock.advance(2000);
            await run.settled();
          }
          const bad = [...expected].filter(([, reason]) => reason !== undefined);
          const { sent: taken, dropped } = run.account();
          expect(taken).toBe(expected.size - bad.length + others);
          expect(Object.values(dropped).reduce((sum, items) => sum + items, 0)).toBe(bad.length);
          await run.stop();
          const letters = await lettersIn(journals);
          expect(new Map(letters.flatMap(({ bodies, reason }) => bodies.map((body) => [body, reason])))).toEqual(
            new Map(bad),
          );
          expect(letters.reduce((sum, { items }) => sum + items, 0)).toBe(bad.length);
          expect(new Set(run.taken).size).toBe(run.taken.length);
        },
      ),
      { numRuns },
    );
  }, 300_000);
});
