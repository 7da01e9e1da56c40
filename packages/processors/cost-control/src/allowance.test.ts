import { expect, it } from "vitest";
import { Allowance, fairShares } from "./allowance.ts";

it("gives what one does not use to the others by their weights", () => {
  const claims = [
    { asked: 10, weight: 1 },
    { asked: 1000, weight: 1 },
    { asked: 1000, weight: 2 },
  ];
  expect(fairShares(100, claims)).toEqual([10, 30, 60]);
  expect(fairShares(5000, claims)).toEqual([10, 1000, 1000]);
});

it("lets a quiet tenant send while a loud one may not", () => {
  const allowance = new Allowance(() => 1);
  const sent = { loud: 0, quiet: 0 };
  for (let minute = 0; minute < 100; minute++) {
    for (let index = 0; index < 100; index++) if (allowance.spend("loud", 10, false)) sent.loud += 10;
    if (allowance.spend("quiet", 10, false)) sent.quiet += 10;
    allowance.refill(60_000, 100 / 60_000);
  }
  expect(sent.quiet).toBe(990);
  expect(sent.loud).toBeGreaterThan(8800);
  expect(sent.loud).toBeLessThan(9100);
});

it("keeps what is essential and has it paid for later", () => {
  const allowance = new Allowance(() => 1);
  expect(allowance.spend("a", 50, true)).toBe(true);
  allowance.refill(60_000, 60 / 60_000);
  expect(allowance.spend("a", 20, false)).toBe(false);
  expect(allowance.spend("a", 10, false)).toBe(true);
});
