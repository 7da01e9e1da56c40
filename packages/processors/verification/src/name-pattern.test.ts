import { expect, it } from "vitest";
import { NamePatterns } from "./name-pattern.ts";

it.each([
  ["client.address", "client.address", true],
  ["client.address", "Client.Address", true],
  ["client.*", "client.address", true],
  ["*.address", "client.address", true],
  ["a*b*c", "a-b-b-c", true],
  ["a*b*c", "a-c-b", false],
  ["ab*ba", "aba", false],
  ["*", "", true],
  ["client", "client.address", false],
])("%s against %s: %s", (pattern, name, expected) => {
  expect(new NamePatterns([pattern]).fits(name)).toBe(expected);
});
