import { createTestHost, seededRandom } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { BreakerRegistry, type DatabasePermit, defaultBreakerSettings } from "./index.ts";

const callers = 10_000;

it.each([1, 2, 3])(
  "lets exactly its probes through, of 10,000 callers of 50 databases in random order (seed %i)",
  async (seed) => {
    const environment = createTestHost();
    const random = seededRandom(seed);
    const settings = { ...defaultBreakerSettings, probes: seed };
    const registry = new BreakerRegistry({ environment, settings });
    registry.database("db:5432", "first").instance.trip();
    await environment.clock.advance(settings.maxOpenMs);
    const permits: DatabasePermit[] = [];
    const caller = async (number: number) => {
      for (let turn = Math.floor(random.next() * 8); turn > 0; turn--) await Promise.resolve();
      const database = registry.database("db:5432", `tenant ${number % 50}`);
      const admission = database.admit(`class ${number % 7}`, number % 2 === 0);
      if (admission.admitted) permits.push(admission);
    };
    await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
    expect(permits.map(({ stage }) => stage)).toEqual(Array(seed).fill("ping"));
  },
);
