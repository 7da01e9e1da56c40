import { expect, it } from "vitest";
import { RoundTrips } from "./round-trips.ts";

it("takes the first round trip for the mean, and half of it for the deviation", () => {
  const trips = new RoundTrips(0.4);
  expect(trips.mean).toBeUndefined();
  trips.add(100);
  expect([trips.mean, trips.deviation]).toEqual([100, 50]);
});

it("follows a change, the newest counting most", () => {
  const trips = new RoundTrips(0.5);
  for (const milliseconds of [100, 200, 200]) trips.add(milliseconds);
  expect(trips.mean).toBe(175);
});

it("finds no deviation in what is always the same, and that of two values that take turns", () => {
  const [same, turning] = [new RoundTrips(0.1), new RoundTrips(0.1)];
  for (let number = 0; number < 200; number++) {
    same.add(100);
    turning.add(number % 2 === 0 ? 90 : 110);
  }
  expect(same.mean).toBe(100);
  expect(same.deviation).toBeLessThan(0.01);
  expect(turning.deviation).toBeGreaterThan(9);
  expect(turning.deviation).toBeLessThan(11);
});
