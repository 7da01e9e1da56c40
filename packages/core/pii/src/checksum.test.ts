import { expect, it } from "vitest";
import { luhn, mod97, verhoeff } from "./checksum.ts";

it("checks Luhn's digit of ISO/IEC 7812", () => {
  // The example of the patent US 2,950,048, and its neighbours.
  expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((digit) => luhn(`7992739871${digit}`))).toEqual([3]);
});

it("takes the remainder of ISO/IEC 7064 MOD 97-10", () => {
  expect(mod97("3214282912345698765432161182")).toBe(1);
});

it("checks Verhoeff's digit", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((digit) => verhoeff(`236${digit}`))).toEqual([3]);
});
