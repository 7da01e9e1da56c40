import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { endpointUrl, formatHostPort, headers, hostPort, parseHostPort, shareAddress } from "./network.ts";

const messages = (schema: z.ZodType, value: unknown) =>
  schema.safeParse(value).error?.issues.map(({ path, message }) => [path.join("."), message]);

describe("endpointUrl", () => {
  it.each(["http://localhost:4318", "https://otlp.nr-data.net", "HTTPS://[::1]:1/v1?x=y"])("takes %s", (url) => {
    expect(endpointUrl().parse(url)).toBe(url);
  });

  it.each([["localhost:4318"], ["otlp.example.com"], ["ftp://x"], [""], [5]])("refuses %j", (value) => {
    expect(messages(endpointUrl(), value)).toEqual([["", 'expected a URL such as "https://otlp.example.com:4318"']]);
  });
});

describe("hostPort", () => {
  it.each([
    ["localhost:4318", { host: "localhost", port: 4318 }],
    ["[::1]:0", { host: "::1", port: 0 }],
    [":4318", { host: "0.0.0.0", port: 4318 }],
    ["127.0.0.1:65535", { host: "127.0.0.1", port: 65_535 }],
  ])("reads %s", (text, expected) => {
    expect(hostPort().parse(text)).toEqual(expected);
    expect(parseHostPort(text)).toEqual(expected);
  });

  it.each([["localhost"], ["localhost:65536"], ["::1:4318"], ["http://x:1"], ["a b:1"], [""], [4318]])(
    "refuses %j",
    (value) => {
      expect(messages(hostPort(), value)).toEqual([
        ["", 'expected a host and a port such as "localhost:4318" or "[::1]:4318"'],
      ]);
    },
  );
});

describe("shareAddress", () => {
  it.each([
    ["localhost:1", "127.0.0.1:1", true],
    ["localhost:1", ":1", true],
    [":1", "192.0.2.1:1", true],
    ["[::]:1", "192.0.2.1:1", true],
    ["[::]:1", "[::1]:1", true],
    ["db.example:1", "DB.example:1", true],
    ["localhost:1", "localhost:2", false],
    ["localhost:0", "localhost:0", false],
    ["localhost:1", "[::1]:1", false],
    [":1", "[::1]:1", false],
    ["192.0.2.1:1", "192.0.2.2:1", false],
  ])("%s and %s: %s", (one, other, shared) => {
    const [a, b] = [hostPort().parse(one), hostPort().parse(other)];
    expect(shareAddress(a, b)).toBe(shared);
    expect(shareAddress(b, a)).toBe(shared);
  });

  it.each(["localhost:1", "[::1]:4318"])("prints %s as it is written", (text) => {
    expect(formatHostPort(hostPort().parse(text))).toBe(text);
  });
});

describe("headers", () => {
  it("makes every value a secret", () => {
    const parsed = headers().parse({ "api-key": "hunter2", "X-Scope": "a" });
    expect(parsed["api-key"]?.reveal()).toBe("hunter2");
    expect(inspect(parsed)).not.toContain("hunter2");
    expect(JSON.stringify(parsed)).toBe('{"api-key":"[REDACTED]","X-Scope":"[REDACTED]"}');
  });

  it("refuses what HTTP does not allow, without showing it", () => {
    expect(messages(headers(), { "a b": "x" })?.[0]?.[0]).toBe("a b");
    expect(messages(headers(), { a: "hunter2\r\nb: c" })).toEqual([["a", "a header cannot hold a line break"]]);
  });
});
