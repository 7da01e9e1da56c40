import { describe, expect, test } from "vitest";
import { Sampler } from "../../src/index.ts";
import { intervalMs, type Traffic, traffic } from "./traffic.ts";
import { Estimates, type Member, numbers } from "./trials.ts";

const rates = [40, 400, 40];
const sizes = { small: 10, large: 30 };

/** What was decided about each record of the traffic. */
interface Decision {
  readonly kept: boolean;
  readonly probability: number;
  readonly threshold: number;
}

function decide({ arrivals }: Traffic, seed: number, maxRecordsPerSecond: number): readonly Decision[] {
  const sampler = new Sampler({
    groups: [{ rate: 1 }],
    maxRecordsPerSecond,
    intervalMs,
    random: numbers(seed),
  });
  return arrivals.flatMap(({ atMs, candidates }) => {
    candidates.thresholds.fill(0);
    sampler.decide(candidates, atMs);
    return Array.from({ length: candidates.count }, (_, index) => ({
      kept: candidates.isKept(index),
      probability: candidates.probabilities[index] ?? 0,
      threshold: candidates.thresholds[index] ?? 0,
    }));
  });
}

describe("records of traces", () => {
  test("two samplers that see the same decide the same, whatever each of them draws", () => {
    const traced = traffic(rates, 0);
    expect(decide(traced, 1, sizes.small)).toEqual(decide(traced, 2, sizes.small));
  });

  test("a sampler that keeps more keeps all that one with the same traffic and a smaller goal keeps", () => {
    const traced = traffic(rates, 0);
    const small = decide(traced, 1, sizes.small);
    const large = decide(traced, 2, sizes.large);
    for (const [position, { kept, probability }] of small.entries()) {
      expect(probability).toBeLessThanOrEqual((large[position]?.probability ?? 0) * (1 + 1e-9));
      if (kept) expect(large[position]?.kept).toBe(true);
    }
    expect(large.filter(({ kept }) => kept).length).toBeGreaterThan(small.filter(({ kept }) => kept).length);
  });

  test("a kept record's threshold says with which probability it was kept", () => {
    const kept = decide(traffic(rates, 0), 1, sizes.small).filter((decision) => decision.kept);
    for (const { probability, threshold } of kept) expect(1 - threshold / 2 ** 48).toBeCloseTo(probability, 12);
    expect(kept.length).toBeGreaterThan(100);
  });

  test("counts are estimated without bias over a hundred sets of traces", () => {
    const runs = Array.from({ length: 100 }, (_, traces) => decide(traffic(rates, traces), 1, sizes.small));
    const members: readonly Member[] = runs[0]?.map(({ probability }) => ({ value: 1, probability })) ?? [];
    const estimates = new Estimates(members);
    for (const run of runs) {
      estimates.add(run.reduce((sum, { kept, probability }) => (kept ? sum + 1 / probability : sum), 0));
    }
    expect(estimates.bias).toBeLessThan(3);
  });
});
