import { FakeClock, seededRandom } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { Breaker, type Permit } from "./breaker.ts";
import { defaultBreakerSettings } from "./settings.ts";

const callers = 10_000;

it.each([1, 2, 3, 4, 5])(
  "lets exactly its probes through, of 10,000 callers in random order (seed %i)",
  async (seed) => {
    const clock = new FakeClock();
    const random = seededRandom(seed);
    const probes = 1 + (seed % 4);
    const breaker = new Breaker({
      settings: { ...defaultBreakerSettings, probes },
      random: { next: () => 0 },
      nowMs: () => clock.monotonicMs(),
    });
    breaker.trip("health");
    await clock.advance(defaultBreakerSettings.minOpenMs);
    const permits: Permit[] = [];
    const caller = async () => {
      // Each caller is interrupted a random number of times before and after it asks.
      for (let turn = Math.floor(random.next() * 8); turn > 0; turn--) await Promise.resolve();
      const admission = breaker.admit();
      for (let turn = Math.floor(random.next() * 8); turn > 0; turn--) await Promise.resolve();
      if (admission.admitted) permits.push(admission);
    };
    await Promise.all(Array.from({ length: callers }, caller));
    expect(permits.map(({ stage }) => stage)).toEqual(Array(probes).fill("ping"));
  },
);

it.each([11, 12, 13])("never has more probes under way than its stage permits (seed %i)", async (seed) => {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const probes = 2;
  const successThreshold = 5;
  const breaker = new Breaker({
    settings: { ...defaultBreakerSettings, probes, successThreshold },
    random,
    nowMs: () => clock.monotonicMs(),
  });
  breaker.trip("health");
  await clock.advance(defaultBreakerSettings.minOpenMs);
  let underWay = 0;
  let refused = 0;
  const peak = { ping: 0, cheapest: 0, slow_start: 0 };
  const caller = async () => {
    for (let turn = Math.floor(random.next() * 40); turn > 0; turn--) await Promise.resolve();
    const admission = breaker.admit(random.next() < 0.5);
    if (!admission.admitted) {
      refused++;
      return;
    }
    underWay++;
    if (admission.stage !== undefined) peak[admission.stage] = Math.max(peak[admission.stage], underWay);
    for (let turn = Math.floor(random.next() * 3); turn > 0; turn--) await Promise.resolve();
    underWay--;
    admission.succeed(1);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  expect(breaker.state).toBe("closed");
  expect(refused).toBeGreaterThan(0);
  expect(peak.ping).toBeGreaterThan(0);
  expect(peak.ping).toBeLessThanOrEqual(probes);
  expect(peak.cheapest).toBeLessThanOrEqual(probes);
  expect(peak.slow_start).toBeLessThanOrEqual(probes * 2 ** successThreshold);
});
