import type { JournalRecord } from "@dbintel/pipeline";
import fc from "fast-check";
import { expect, it } from "vitest";
import { appendAll, inMemory, JournalFolder, textsOf } from "../test/journal-folder.ts";

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("append" as const), sizes: fc.array(fc.nat(900), { maxLength: 6 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("finish" as const), which: fc.nat(), count: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("begin" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const), key: fc.nat(2) }) },
);

const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];

/** No key, the first, or the second; the others decrypt. */
function keysFor(current: number): Buffer[] {
  const [first] = keys.slice(current - 1, current);
  return first === undefined ? [] : [first, ...keys.filter((key) => key !== first)];
}

it("is a set of records under any order of appends, ends and restarts", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.constantFrom(300, 2000, 100_000),
      async (steps, segmentBytes) => {
        await using folder = await JournalFolder.make(inMemory);
        const waiting = new Map<string, JournalRecord>();
        const begun = new Set<string>();
        let encrypted = false;
        let { journal } = await folder.open({ segmentBytes });
        let made = 0;
        for (const next of steps) {
          const texts = [...waiting.keys()];
          if (next.kind === "append") {
            const fresh = next.sizes.map((size) => `${made++} ${"x".repeat(size)}`);
            const records = await appendAll(journal, fresh);
            for (const [index, record] of records.entries()) waiting.set(fresh[index] ?? "", record);
          } else if (next.kind === "begin") {
            const text = texts[next.which % Math.max(1, texts.length)];
            const record = text === undefined ? undefined : waiting.get(text);
            if (text === undefined || record === undefined) continue;
            await journal.begin(record);
            begun.add(text);
          } else if (next.kind === "finish") {
            const from = next.which % Math.max(1, texts.length);
            for (const text of texts.slice(from, from + next.count)) {
              const record = waiting.get(text);
              if (record !== undefined) journal.finish(record);
              waiting.delete(text);
            }
          } else {
            await journal.close();
            // Whoever has begun to encrypt keeps the keys.
            encrypted ||= next.key > 0;
            const opened = await folder.open({ segmentBytes, keys: encrypted ? keysFor(Math.max(1, next.key)) : [] });
            journal = opened.journal;
            expect(opened.losses).toEqual({ records: 0, items: 0 });
            const found = await textsOf(journal, opened.found);
            expect(found.toSorted()).toEqual(texts.toSorted());
            for (const [index, record] of opened.found.entries()) {
              const text = found[index] ?? "";
              expect(record.uncertain).toBe(begun.has(text));
              waiting.set(text, record);
            }
          }
        }
        expect((await textsOf(journal, [...waiting.values()])).toSorted()).toEqual([...waiting.keys()].toSorted());
        await journal.close();
      },
    ),
    { numRuns: 60 },
  );
});
