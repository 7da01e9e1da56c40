import { describe, expect, it } from "vitest";
import { ConcurrencyLimit } from "./concurrency-limit.ts";

/** Rounds of as many requests as the limit allows, which all end when the round does. */
class Rounds {
  readonly limit: ConcurrencyLimit;
  #nowMs = 0;

  constructor(most: number, adaptive = true) {
    this.limit = new ConcurrencyLimit({ most, adaptive });
  }

  /** A round of this length; of its requests the last are refused. */
  run(roundTripMs: number, refused = 0): number {
    const { limit } = this;
    let begun = 0;
    while (limit.hasRoom) {
      limit.begin();
      begun++;
    }
    this.#nowMs += roundTripMs;
    for (let request = 0; request < begun; request++) {
      if (begun - request <= refused) limit.refused(this.#nowMs);
      else limit.taken(roundTripMs, this.#nowMs);
    }
    return limit.limit;
  }

  repeat(rounds: number, roundTripMs: number): number {
    for (let round = 0; round < rounds; round++) this.run(roundTripMs);
    return this.limit.limit;
  }
}

describe("ConcurrencyLimit", () => {
  it("begins with all that is allowed and stays there while round trips are as usual", () => {
    expect(new Rounds(10).repeat(50, 100)).toBe(10);
  });

  it("falls when round trips get longer, and rises by one a round trip when they are as usual", () => {
    const rounds = new Rounds(20);
    rounds.repeat(20, 100);
    const slow = [rounds.run(400), rounds.run(800), rounds.run(1600)];
    expect(slow.at(-1)).toBeLessThan(20);
    const limits = Array.from({ length: 25 }, () => rounds.run(100));
    const steps = limits.map((limit, index) => limit - (limits[index - 1] ?? limit));
    expect(Math.max(...steps)).toBe(1);
    expect(limits.at(-1)).toBe(20);
  });

  it("is halved when requests are refused, down to one", () => {
    const rounds = new Rounds(16);
    rounds.repeat(5, 100);
    const limits = Array.from({ length: 10 }, () => rounds.run(100, 16));
    expect(limits).toEqual(limits.toSorted((one, other) => other - one));
    expect(limits.at(-1)).toBe(1);
  });

  it("rises by one a round trip after an outage, whatever it was before", () => {
    const rounds = new Rounds(8);
    rounds.repeat(5, 100);
    for (let round = 0; round < 10; round++) rounds.run(100, 8);
    const limits = Array.from({ length: 8 }, () => rounds.run(100));
    expect(limits.every((limit, index) => limit - (limits[index - 1] ?? 1) <= 1)).toBe(true);
    expect(rounds.repeat(4, 100)).toBe(8);
  });

  it("does not rise when it is not used", () => {
    const rounds = new Rounds(8);
    rounds.repeat(5, 100);
    for (let round = 0; round < 10; round++) rounds.run(100, 8);
    const { limit } = rounds;
    rounds.repeat(4, 100);
    const before = limit.limit;
    expect(before).toBeGreaterThan(2);
    for (let nowMs = 10_000; nowMs < 20_000; nowMs += 100) {
      limit.begin();
      limit.taken(100, nowMs);
    }
    expect(limit.limit).toBe(before);
  });

  it("counts what is on its way, also what ends without a meaning", () => {
    const { limit } = new Rounds(2);
    limit.begin();
    limit.begin();
    expect([limit.inFlight, limit.hasRoom]).toEqual([2, false]);
    limit.ended();
    expect([limit.inFlight, limit.hasRoom, limit.limit]).toEqual([1, true, 2]);
  });

  it("never moves when it is fixed", () => {
    const rounds = new Rounds(8, false);
    for (let round = 0; round < 5; round++) rounds.run(100 * 2 ** round, 8);
    expect(rounds.limit.limit).toBe(8);
  });
});
