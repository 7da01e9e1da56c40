import { expect, it } from "vitest";
import { SlidingCount } from "./sliding-count.ts";
import { FakeClock } from "./testing/index.ts";

it("counts what happened within the window, to a tenth of it", async () => {
  const clock = new FakeClock();
  const count = new SlidingCount(clock, 10_000);
  count.add();
  await clock.advance(5000);
  count.add(2);
  expect(count.value).toBe(3);
  await clock.advance(5000);
  expect(count.value).toBe(2);
  await clock.advance(4000);
  expect(count.value).toBe(2);
  await clock.advance(1000);
  expect(count.value).toBe(0);
});

it("forgets everything in a long silence", async () => {
  const clock = new FakeClock();
  const count = new SlidingCount(clock, 10_000);
  await clock.advance(3000);
  count.add(5);
  await clock.advance(1_000_000_000);
  expect(count.value).toBe(0);
  count.add(1);
  expect(count.value).toBe(1);
});
