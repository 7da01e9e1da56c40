import { hashText } from "@dbintel/pdata";
import { expect, it } from "vitest";
import { Sketch } from "./sketch.ts";

it("counts few values exactly", () => {
  const sketch = new Sketch();
  for (let index = 0; index < 1000; index++) sketch.add(hashText(`value ${index % 500}`, 0));
  expect(sketch.estimate).toBe(500);
});

// Four standard errors of 0.8 %; the values are the same at every run.
it.each([1000, 20_000, 60_000, 500_000])("estimates %i values", (count) => {
  const sketch = new Sketch();
  for (let index = 0; index < count; index++) sketch.add(hashText(`value ${index}`, 0));
  expect(Math.abs(sketch.estimate / count - 1)).toBeLessThan(0.033);
});
