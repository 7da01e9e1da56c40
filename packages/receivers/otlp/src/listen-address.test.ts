import { describe, expect, it } from "vitest";
import { formatAddress, isLoopback } from "./listen-address.ts";

describe("isLoopback", () => {
  it.each([
    ["localhost", true],
    ["127.0.0.1", true],
    ["127.8.9.10", true],
    ["::1", true],
    ["0.0.0.0", false],
    ["::", false],
    ["127.example.org", false],
    ["10.0.0.1", false],
  ])("%s: %s", (host, expected) => {
    expect(isLoopback({ host, port: 4318 })).toBe(expected);
  });
});

it("formats an IPv6 address with brackets", () => {
  expect(formatAddress({ host: "::1", port: 4318 })).toBe("[::1]:4318");
  expect(formatAddress({ host: "127.0.0.1", port: 4318 })).toBe("127.0.0.1:4318");
});
