import { describe, expect, it } from "vitest";
import { Candidates } from "./candidates.ts";
import { Deduplication, Repeats } from "./deduplication.ts";

const windowMs = 1000;

/** Shows a deduplication one batch of hashes: what is suppressed, and what the others stand for. */
function show(part: Deduplication, hashes: readonly number[], nowMs: number, checks = hashes) {
  const candidates = Candidates.of({ weights: hashes.map(() => 1) });
  const duplicates = new Float64Array(hashes.length);
  const repeats = new Repeats();
  const suppressed = hashes.map((hash, index) =>
    part.suppresses({ hash, check: checks[index] ?? 0, index, candidates, duplicates, repeats, nowMs }),
  );
  return { suppressed, stands: [...candidates.multiplicities.subarray(0, hashes.length)], duplicates, repeats };
}

const cached = (cacheSize = 100) => new Deduplication({ windowMs, cacheSize });

describe("Deduplication", () => {
  it("counts repeats on the record of the same batch", () => {
    const { suppressed, stands, duplicates } = show(cached(), [1, 2, 1, 1], 0);
    expect(suppressed).toEqual([false, false, true, true]);
    expect(stands).toEqual([3, 1, 1, 1]);
    expect([...duplicates]).toEqual([2, 0, 0, 0]);
  });

  it("counts repeats of later batches on the first record after the window", () => {
    const part = cached();
    show(part, [1], 0);
    expect(show(part, [1, 1], 999).suppressed).toEqual([true, true]);
    const after = show(part, [1, 1], 1000);
    expect(after.suppressed).toEqual([false, true]);
    expect(after.stands[0]).toBe(4);
    expect(after.duplicates[0]).toBe(3);
    expect(show(part, [1], 2000).stands).toEqual([1]);
  });

  it("does not take records for alike of whose hashes only one is the same", () => {
    const part = cached();
    show(part, [1], 0, [10]);
    expect(show(part, [1], 1, [11]).suppressed).toEqual([false]);
  });

  it("takes back a batch that was not taken: its sender sends it again", () => {
    const part = cached();
    show(part, [1], 0);
    show(part, [1], 500).repeats.takeBack();
    const refused = show(part, [1, 2], 1000);
    expect(refused.stands).toEqual([1, 1]);
    show(part, [1], 1001);
    refused.repeats.takeBack();
    const again = show(part, [1, 2], 1002);
    expect(again.suppressed).toEqual([false, false]);
    expect(again.stands).toEqual([2, 1]);
  });

  it("remembers no more than its size", () => {
    const part = cached(2);
    show(part, [1, 2, 3], 0);
    expect(show(part, [3, 1], 1).suppressed).toEqual([true, false]);
  });
});
