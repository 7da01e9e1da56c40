import { describe, expect, test } from "vitest";
import { inclusionProbabilities } from "../../src/sampling/inclusion.ts";
import { PivotalDraw } from "../../src/sampling/pivotal-draw.ts";
import { Estimates, logNormal, numbers, seeds } from "./trials.ts";

const size = 200;
const durations = logNormal(size, 0);
const positions = Array.from(durations.keys());
/** From the shortest to the longest. */
const sorted = positions.toSorted((one, other) => (durations[one] ?? 0) - (durations[other] ?? 0));

/** Few or many records, short or long ones, near or far from each other. */
const subsets: Readonly<Record<string, readonly number[]>> = {
  all: positions,
  "the first half": positions.slice(0, size / 2),
  "every tenth": positions.filter((position) => position % 10 === 0),
  "every other": positions.filter((position) => position % 2 === 0),
  neighbours: positions.slice(90, 100),
  "the short half": sorted.slice(0, size / 2),
  "the long half": sorted.slice(size / 2),
  "the longest ten": sorted.slice(-10),
  "the shortest": sorted.slice(0, 1),
  "one in the middle": sorted.slice(size / 2, size / 2 + 1),
};

const duration = (position: number) => durations[position] ?? 0;

describe.each([5, 40, 120])("%i of 200 records kept", (allowance) => {
  const probabilities = new Float64Array(size);
  const caps = new Float64Array(size).fill(1);
  const total = inclusionProbabilities({ sizes: durations, caps, probabilities, from: 0, to: size, allowance });
  const samples = seeds.map((seed) => {
    const draw = new PivotalDraw(numbers(seed));
    return Array.from(probabilities, (probability) => draw.keep(probability));
  });

  test("the probabilities add up to the allowance, and each sample is as large, give or take one", () => {
    expect(total).toBeCloseTo(allowance, 9);
    for (const kept of samples) {
      expect(Math.abs(kept.filter(Boolean).length - allowance)).toBeLessThanOrEqual(1);
    }
  });

  test("each record is kept as often as its probability says", () => {
    let chiSquared = 0;
    let degrees = 0;
    for (const [position, probability] of probabilities.entries()) {
      const times = samples.filter((kept) => kept[position]).length;
      const expected = probability * seeds.length;
      if (probability === 1) {
        expect(times).toBe(seeds.length);
        continue;
      }
      chiSquared += (times - expected) ** 2 / (expected * (1 - probability));
      degrees++;
    }
    // χ² has its degrees of freedom as mean and twice as many as variance.
    expect(chiSquared).toBeLessThan(degrees + 3 * Math.sqrt(2 * degrees));
  });

  test.each([
    ["durations", duration],
    ["numbers of records, though probabilities follow the durations,", () => 1],
  ] as const)("%s are estimated without bias, and within three deviations", (_, value) => {
    for (const [name, members] of Object.entries(subsets)) {
      const estimates = estimate(members, value);
      expect(estimates.bias, `bias of ${name}`).toBeLessThan(3);
      const beyond = estimates.beyond(3 * estimates.expectedDeviation);
      expect(beyond, `estimates of ${name} beyond`).toBeLessThan(estimates.mayBeBeyond);
    }
  });

  test("the time spent by all of them together is off by one record at most", () => {
    const estimates = estimate(positions, duration);
    // Those that are not kept for certain stand for the same time each.
    const shortest = sorted[0] ?? 0;
    expect(estimates.beyond(duration(shortest) / (probabilities[shortest] ?? 1))).toBe(0);
    expect(estimates.deviation).toBeLessThan(estimates.expectedDeviation / 2);
  });

  function estimate(members: readonly number[], value: (position: number) => number): Estimates {
    const estimates = new Estimates(
      members.map((position) => ({ value: value(position), probability: probabilities[position] ?? 1 })),
    );
    for (const kept of samples) {
      let sum = 0;
      for (const position of members) if (kept[position]) sum += value(position) / (probabilities[position] ?? 1);
      estimates.add(sum);
    }
    return estimates;
  }
});
