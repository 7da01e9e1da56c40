import { totalmem } from "node:os";
import { describe, expect, it } from "vitest";
import { processMemory } from "./memory.ts";

describe("processMemory", () => {
  const memory = processMemory();

  it("reads this process", () => {
    const reading = memory.read();
    expect(reading.rss).toBeGreaterThan(reading.heapUsed);
    expect(reading.heapLimit).toBeGreaterThan(reading.heapTotal);
    expect(memory.totalBytes).toBeGreaterThan(reading.rss);
    expect(memory.totalBytes).toBeLessThanOrEqual(totalmem());
  });

  it("sees buffers that are in use, and collects those that are not", () => {
    const size = 200 * 2 ** 20;
    // What others have let go must not leave between the readings.
    memory.collect();
    const before = memory.read().external;
    let buffer: Buffer | undefined = Buffer.allocUnsafeSlow(size);
    expect(memory.read().external - before).toBeGreaterThanOrEqual(size);
    buffer = undefined;
    memory.collect();
    expect(memory.read().external - before).toBeLessThan(size);
    expect(buffer).toBeUndefined();
  });
});
