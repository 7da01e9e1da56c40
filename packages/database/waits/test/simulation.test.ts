import { expect, it } from "vitest";
import { simulate } from "./simulation.ts";

it.each([1, 2, 3])("finds what is known to be wrong with a simulated database, and little else (seed %i)", (seed) => {
  const { incidents, engine, fixedRule } = simulate(seed);
  for (const [name, { found, alarms, precision, quiet }] of Object.entries({ engine, "more than 70 %": fixedRule })) {
    process.stdout.write(
      `seed ${seed}, ${name}: ${found.size} of ${incidents.length} incidents found, precision of ${alarms} alarms ` +
        `${precision.toFixed(3)}, ${quiet} false alarms on the quiet day\n`,
    );
  }
  const missed = incidents.filter((_, ordinal) => !engine.found.has(ordinal));
  expect(incidents).toHaveLength(24);
  expect(engine.found.size / incidents.length, missed.join("\n")).toBeGreaterThanOrEqual(0.95);
  expect(engine.precision, engine.wrong.join("\n")).toBeGreaterThanOrEqual(0.95);
  expect(engine.quiet, engine.wrong.join("\n")).toBeLessThanOrEqual(3);
  // The fixed rule sees the same samples.
  expect(fixedRule.precision).toBeLessThan(engine.precision);
  expect(fixedRule.found.size).toBeLessThan(engine.found.size);
});
