import { expect, it } from "vitest";
import { inRange, parseVersionRange } from "./version-range.ts";

const postgresql = { product: "postgresql", version: "15.4" };
const mariadb = { product: "mariadb", version: "10.11.19-MariaDB-0+deb12u1" };

it.each([
  [">=14", postgresql, true],
  [">=14 <15", postgresql, false],
  [">=15.4", postgresql, true],
  [">15", postgresql, true],
  ["=15", postgresql, true],
  ["=15.3", postgresql, false],
  ["<=10.11", mariadb, false],
  [">=10.5<11", mariadb, true],
  ["mariadb", mariadb, true],
  ["mysql >=5.7", mariadb, false],
  ["mariadb < 10.6", mariadb, false],
])("%j holds for %o: %s", (text, server, expected) => {
  const range = parseVersionRange(text);
  expect(range !== undefined && inRange(range, server)).toBe(expected);
});

it.each(["", "14", ">=", "oracle >=19", ">=14 or <12", ">=14.x"])("%j is none", (text) => {
  expect(parseVersionRange(text)).toBeUndefined();
});
