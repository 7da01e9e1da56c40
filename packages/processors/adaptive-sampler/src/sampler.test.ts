import { seededRandom } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { Sampler, type SamplerOptions } from "./sampler.ts";
import { Candidates, type CandidateValues, minimum, verdicts } from "./sampling/candidates.ts";

const plenty = 1e9;

function sampler(options: Partial<SamplerOptions> = {}): Sampler {
  const random = seededRandom(1);
  return new Sampler({ groups: [{ rate: 1 }], maxRecordsPerSecond: plenty, random: () => random.next(), ...options });
}

/** So many records that are alike, but for what is given. */
function records(count: number, values: Partial<CandidateValues> = {}): Candidates {
  return Candidates.of({ weights: Array(count).fill(1), ...values });
}

/** Decides on a batch; what was kept of it, and why the others were not. */
function decide(part: Sampler, candidates: Candidates, nowMs = 0, pressure = 1) {
  part.decide(candidates, nowMs, pressure);
  const indices = Array.from({ length: candidates.count }, (_, index) => index);
  const kept = indices.filter((index) => candidates.isKept(index));
  const reasons = indices
    .filter((index) => !candidates.isKept(index))
    .map((index) => verdicts[candidates.verdicts[index] ?? 0]);
  return {
    kept,
    dropped: new Set(reasons),
    estimate: kept.reduce((sum, index) => sum + candidates.adjustedCount(index), 0),
  };
}

describe("rates", () => {
  it("keep the share of each group, exactly", () => {
    const groups = Array.from({ length: 1000 }, (_, index) => index % 2);
    const part = sampler({ groups: [{ rate: 0.1 }, { rate: 0.5 }] });
    const { kept, dropped, estimate } = decide(part, records(1000, { groups }));
    expect(kept.filter((index) => index % 2 === 0).length).toBeGreaterThanOrEqual(45);
    expect([300, 301]).toContain(kept.length);
    expect(dropped).toEqual(new Set(["sampled_out"]));
    expect(Math.abs(estimate - 1000)).toBeLessThan(100);
  });

  it("of 1 and 0 keep all and nothing", () => {
    const groups = Array.from({ length: 100 }, (_, index) => index % 2);
    const part = sampler({ groups: [{ rate: 1 }, { rate: 0 }], minimumPerKey: 5 });
    const { kept } = decide(part, records(100, { groups, keys: groups }));
    expect(kept).toEqual(Array.from({ length: 50 }, (_, index) => 2 * index));
  });

  it("favour heavy records, and never by more than twice at the cost of light ones", () => {
    const weights = Array.from({ length: 1000 }, (_, index) => (index < 10 ? 1000 : 0));
    const candidates = records(1000, { weights });
    const { kept } = decide(sampler({ groups: [{ rate: 0.1 }] }), candidates);
    expect(kept.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(candidates.probabilities[500]).toBeGreaterThan(0.05);
  });

  it("take weights that are none for the mean", () => {
    const weights = [Number.NaN, Number.POSITIVE_INFINITY, -1, 5, 5];
    const candidates = records(5, { weights });
    decide(sampler({ groups: [{ rate: 0.4 }] }), candidates);
    for (let index = 0; index < 5; index++) expect(candidates.probabilities[index]).toBeCloseTo(0.4, 9);
  });

  it("fall under pressure, but not below the least one", () => {
    const pressed = (minRate: number) =>
      decide(sampler({ groups: [{ rate: 0.5 }], minRate }), records(1000), 0, 0.1).kept.length;
    expect(pressed(0)).toBe(50);
    expect(pressed(0.25)).toBe(250);
    expect(pressed(1)).toBe(500);
  });

  it("stop at the limit of a rule for a minute", () => {
    const part = sampler({ groups: [{ rate: 1, maxPerMinute: 30 }] });
    let kept = 0;
    const dropped = new Set<string | undefined>();
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) {
      const decision = decide(part, records(10), nowMs);
      kept += decision.kept.length;
      for (const reason of decision.dropped) dropped.add(reason);
    }
    expect(kept).toBeGreaterThanOrEqual(28);
    expect(kept).toBeLessThanOrEqual(31);
    expect(dropped).toEqual(new Set(["over_rule_limit"]));
  });
});

describe("the goal", () => {
  it("is not passed in any interval, and is used up", () => {
    const part = sampler({ maxRecordsPerSecond: 50 });
    let kept = 0;
    for (let nowMs = 0; nowMs < 40_000; nowMs += 200) {
      if (nowMs % 10_000 === 0) kept = 0;
      kept += decide(part, records(100), nowMs).kept.length;
      expect(kept).toBeLessThanOrEqual(501);
    }
    expect(kept).toBeGreaterThan(495);
  });

  it("leaves rare keys more of their records than frequent ones", () => {
    const keys = Array.from({ length: 1000 }, (_, index) => (index % 100 === 0 ? 2 : 1));
    const part = sampler({ maxRecordsPerSecond: 10 });
    for (let nowMs = 0; nowMs < 30_000; nowMs += 1000) decide(part, records(1000, { keys }), nowMs);
    const candidates = records(1000, { keys });
    const { dropped } = decide(part, candidates, 30_000);
    expect((candidates.probabilities[0] ?? 0) / (candidates.probabilities[1] ?? 1)).toBeGreaterThan(20);
    expect(dropped).toEqual(new Set(["over_record_limit"]));
  });
});

describe("guarantees", () => {
  it("keep a class within its own budget, beside the goal", () => {
    const classes = Array.from({ length: 100 }, (_, index) => (index % 10 === 0 ? 3 : 0));
    const part = sampler({ groups: [{ rate: 0.1 }], keepAlwaysPerSecond: 0.5 });
    const candidates = records(100, { classes });
    const { kept } = decide(part, candidates);
    expect(kept.filter((index) => candidates.guarantees[index] === 3)).toEqual([0, 10, 20, 30, 40]);
    expect(candidates.probabilities[0]).toBe(1);
    expect(candidates.probabilities[50]).toBeLessThan(1);
  });

  it("do not let one class take the budget of another", () => {
    const classes = Array.from({ length: 100 }, (_, index) => (index < 99 ? 1 : 2));
    const candidates = records(100, { classes });
    decide(sampler({ groups: [{ rate: 0.01 }], keepAlwaysPerSecond: 0.5 }), candidates);
    expect(candidates.guarantees[99]).toBe(2);
  });

  it("keep the first records of each key", () => {
    const keys = Array.from({ length: 1000 }, (_, index) => index % 20);
    const part = sampler({ groups: [{ rate: 0.001 }], maxRecordsPerSecond: 100, minimumPerKey: 2 });
    const candidates = records(1000, { keys });
    const { kept } = decide(part, candidates);
    const first = kept.filter((index) => candidates.guarantees[index] === minimum);
    expect(first).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });

  it("find records slow by the measure of their key", () => {
    const part = sampler({ groups: [{ rate: 0.001 }], keepAlwaysPerSecond: 100, slowClass: 6 });
    const keys = Array(200).fill(1);
    decide(part, records(200, { keys }));
    const weights = Array.from({ length: 200 }, (_, index) => (index === 150 ? 500 : 1));
    const candidates = records(200, { keys, weights });
    decide(part, candidates, 1000);
    expect([...candidates.guarantees.subarray(0, 200)].flatMap((by, index) => (by === 6 ? [index] : []))).toEqual([
      150,
    ]);
  });
});

describe("bytes", () => {
  it("lower probabilities as they run out, and are never passed", () => {
    const part = sampler({ maxBytesPerSecond: 10_000 });
    const bytes = Array.from({ length: 100 }, (_, index) => 50 + (index % 7) * 50);
    let used = 0;
    const dropped = new Set<string | undefined>();
    for (let nowMs = 0; nowMs < 40_000; nowMs += 500) {
      if (nowMs % 10_000 === 0) used = 0;
      const decision = decide(part, records(100, { bytes }), nowMs);
      for (const index of decision.kept) used += bytes[index] ?? 0;
      for (const reason of decision.dropped) dropped.add(reason);
      expect(used).toBeLessThanOrEqual(100_000);
    }
    expect(used).toBeGreaterThan(80_000);
    expect(dropped).toContain("over_byte_limit");
  });
});

describe("traces", () => {
  const range = 2 ** 48;
  const randomness = Array.from({ length: 1000 }, (_, index) => (index / 1000) * range);

  it("keep those whose randomness reaches the threshold: the same in every replica", () => {
    const candidates = records(1000, { randomness });
    const { kept, estimate } = decide(sampler({ groups: [{ rate: 0.25 }] }), candidates);
    expect(kept).toEqual(Array.from({ length: 250 }, (_, index) => 750 + index));
    expect(candidates.thresholds[999]).toBe(0.75 * range);
    expect(estimate).toBeCloseTo(1000, 6);
  });

  it("go on from the threshold that a trace has passed", () => {
    const thresholds = Array(500).fill(range / 2);
    const passed = records(500, { randomness: randomness.slice(500), thresholds, multiplicities: Array(500).fill(2) });
    const { kept, estimate } = decide(sampler({ groups: [{ rate: 0.5 }] }), passed);
    expect(kept).toHaveLength(250);
    expect(passed.thresholds[499]).toBe(0.75 * range);
    expect(estimate).toBeCloseTo(1000, 6);
  });

  it("leave the threshold of what is kept with certainty", () => {
    const candidates = records(1, { randomness: [0] });
    expect(decide(sampler(), candidates).kept).toEqual([0]);
    expect(candidates.thresholds[0]).toBe(0);
  });
});

it("takes batches of any size, and none at all", () => {
  const part = sampler({ groups: [{ rate: 0.5 }] });
  const candidates = new Candidates();
  for (const count of [0, 1, 100_000, 3]) {
    candidates.reset(count);
    candidates.multiplicities.fill(1);
    candidates.randomness.fill(-1);
    candidates.keys.fill(-1);
    const { kept } = decide(part, candidates);
    expect(Math.abs(kept.length - count / 2)).toBeLessThanOrEqual(1);
  }
  expect(candidates.weights.length).toBeLessThan(100);
});
