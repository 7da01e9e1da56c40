import { expect, it } from "vitest";
import { simulate } from "./simulation.ts";

it.each([1, 2, 3])("finds what is known to be wrong with a simulated database, and little else (seed %i)", (seed) => {
  const { incidents, found, alarms, trueAlarms, quietAlarms, missed, wrong } = simulate(seed);
  process.stdout.write(
    `seed ${seed}: ${found} of ${incidents} incidents found (recall ${(found / incidents).toFixed(3)}), ` +
      `${trueAlarms} of ${alarms} alarms true (precision ${(trueAlarms / alarms).toFixed(3)}), ` +
      `${quietAlarms} false alarms on the quiet day\n`,
  );
  expect(incidents).toBe(24);
  expect(found / incidents, missed.join("\n")).toBeGreaterThanOrEqual(0.95);
  expect(trueAlarms / alarms, wrong.join("\n")).toBeGreaterThanOrEqual(0.95);
  expect(quietAlarms, wrong.join("\n")).toBeLessThanOrEqual(1);
});
