import { seededRandom } from "@dbintel/pipeline/testing";
import { describe, expect, test } from "vitest";
import { inclusionProbabilities } from "../../src/sampling/inclusion.ts";
import { PivotalDraw } from "../../src/sampling/pivotal-draw.ts";
import { Estimates, logNormal, seeds } from "./trials.ts";

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
    const draw = new PivotalDraw(seededRandom(seed).next);
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

  test("sums of the durations are estimated without bias, and within three deviations", () => {
    for (const [name, members] of Object.entries(subsets)) {
      const { estimates, deviation } = estimate(members, duration);
      expect(estimates.bias(deviation), `bias of ${name}`).toBeLessThan(3);
      // 0.27 % of normal estimates are beyond. A sum of few records is not normal: one of probability p is beyond
      // whenever it is kept and p is below a tenth; what bounds all is Chebyshev's inequality.
      expect(estimates.beyond(3 * deviation), `estimates of ${name} beyond`).toBeLessThan(
        nearNormal(members) ? 0.01 : 1 / 9,
      );
    }
  });

  test("numbers of records are estimated without bias too, though probabilities follow the durations", () => {
    for (const [name, members] of Object.entries(subsets)) {
      const { estimates, deviation } = estimate(members, () => 1);
      expect(estimates.bias(deviation), `bias of ${name}`).toBeLessThan(3);
      // Skewed however many they are: a short record that is kept stands for many.
      expect(estimates.beyond(3 * deviation), `estimates of ${name} beyond`).toBeLessThan(1 / 9);
    }
  });

  test("the time spent by all of them together is off by one record at most", () => {
    const { estimates, deviation } = estimate(positions, duration);
    // One record more or less, of those that are not kept for certain, is what the sum is off by.
    const tau = Math.max(...positions.filter((position) => (probabilities[position] ?? 1) < 1).map(adjusted));
    expect(estimates.beyond(tau)).toBe(0);
    expect(estimates.deviation).toBeLessThan(deviation / 2);
  });

  function adjusted(position: number): number {
    return duration(position) / (probabilities[position] ?? 1);
  }

  /** The rule of thumb for binomial numbers: five kept and five dropped are expected. */
  function nearNormal(members: readonly number[]): boolean {
    const kept = members.reduce((sum, position) => sum + (probabilities[position] ?? 0), 0);
    return kept >= 5 && members.length - kept >= 5;
  }

  /** Beside the estimates the deviation that independent draws would have (Horvitz, Thompson, JASA 47, 1952). */
  function estimate(members: readonly number[], value: (position: number) => number) {
    const estimates = new Estimates(members.reduce((sum, position) => sum + value(position), 0));
    for (const kept of samples) {
      let sum = 0;
      for (const position of members) if (kept[position]) sum += value(position) / (probabilities[position] ?? 1);
      estimates.add(sum);
    }
    const variance = members.reduce(
      (sum, position) => sum + value(position) ** 2 * (1 / (probabilities[position] ?? 1) - 1),
      0,
    );
    return { estimates, deviation: Math.sqrt(variance) };
  }
});
