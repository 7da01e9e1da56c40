import { seededRandom } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { PivotalDraw } from "./pivotal-draw.ts";

const probabilities = [0.3, 0.9, 0.05, 1, 0.5, 0.75, 0.5, 0.2, 0.8];

describe("PivotalDraw", () => {
  it("keeps as many as the probabilities add up to, give or take one, at every point", () => {
    const random = seededRandom(1);
    const draw = new PivotalDraw(() => random.next());
    let expected = 0;
    let kept = 0;
    let farthest = 0;
    for (let round = 0; round < 20_000; round++) {
      const probability = probabilities[round % probabilities.length] ?? 0;
      expected += probability;
      if (draw.keep(probability)) kept += 1;
      farthest = Math.max(farthest, Math.abs(kept - expected));
    }
    expect(farthest).toBeLessThan(1.0001);
    expect(farthest).toBeGreaterThan(0.5);
  });

  it("keeps each record with its own probability, those over a border too", () => {
    const rounds = 40_000;
    const random = seededRandom(2);
    const kept = probabilities.map(() => 0);
    for (let round = 0; round < rounds; round++) {
      const draw = new PivotalDraw(() => random.next());
      for (const [index, probability] of probabilities.entries()) {
        if (draw.keep(probability)) kept[index] = (kept[index] ?? 0) + 1;
      }
    }
    for (const [index, probability] of probabilities.entries()) {
      const deviation = Math.sqrt((probability * (1 - probability)) / rounds);
      expect(Math.abs((kept[index] ?? 0) / rounds - probability)).toBeLessThanOrEqual(4 * deviation);
    }
  });

  it("does not fall into step with a stream that has a period", () => {
    const random = seededRandom(3);
    const draw = new PivotalDraw(() => random.next());
    let even = 0;
    const total = 10_000;
    for (let index = 0; index < total; index++) if (draw.keep(0.5) && index % 2 === 0) even += 1;
    expect(even / total).toBeGreaterThan(0.23);
    expect(even / total).toBeLessThan(0.27);
  });

  it("keeps all with probability 1 and none with 0", () => {
    const draw = new PivotalDraw(() => 0.5);
    expect([1, 0, 1, 0].map((probability) => draw.keep(probability))).toEqual([true, false, true, false]);
  });
});
