import { DbintelError } from "@dbintel/errors";
import { describe, expect, it } from "vitest";
import { jsonLogger, systemEnvironment, systemRandom } from "./index.ts";
import { FakeClock } from "./testing/index.ts";

describe("systemRandom", () => {
  it("gives numbers in [0, 1) and bytes, different each time", () => {
    const numbers = Array.from({ length: 1000 }, () => systemRandom.next());
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    expect(new Set(numbers).size).toBe(1000);
    expect(systemRandom.bytes(16)).toHaveLength(16);
    expect(systemRandom.bytes(16)).not.toEqual(systemRandom.bytes(16));
  });
});

describe("systemEnvironment", () => {
  it("takes what it is given and fills in the rest", () => {
    const clock = new FakeClock();
    const environment = systemEnvironment({ clock });
    expect(environment.clock).toBe(clock);
    expect(environment.random).toBe(systemRandom);
    expect(environment.build.name).toBe("dbintel");
  });
});

describe("jsonLogger", () => {
  function logged(level: "debug" | "warn") {
    const lines: unknown[] = [];
    const write = (line: string) => void lines.push(JSON.parse(line));
    return { lines, logger: jsonLogger({ level, clock: new FakeClock(), write }) };
  }

  it("writes one object a line, from the chosen level on", () => {
    const { lines, logger } = logged("warn");
    logger.debug({}, "no");
    logger.info({}, "no");
    logger.warn({ count: 5n }, "yes");
    logger.error({}, "yes too");
    const time = "2023-11-14T22:13:20.000Z";
    expect(lines).toEqual([
      { level: "warn", time, msg: "yes", count: "5" },
      { level: "error", time, msg: "yes too" },
    ]);
  });

  it("writes a DbintelError as code, message and hint, any other error with its stack", () => {
    const { lines, logger } = logged("debug");
    logger.error({ error: new DbintelError("no", { code: "DBI_FILE", hint: "chmod" }) }, "failed");
    logger.error({ error: new TypeError("x") }, "failed");
    expect(lines).toMatchObject([
      { error: { code: "DBI_FILE", message: "no", hint: "chmod" } },
      { error: { message: "x", stack: expect.stringContaining("TypeError: x") } },
    ]);
  });
});
