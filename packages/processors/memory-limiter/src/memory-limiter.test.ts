import { logsBuilder } from "@dbintel/pdata";
import { memoryPressure } from "@dbintel/pipeline";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { memoryLimiterConfig } from "./config.ts";
import type { Memory, MemoryReading } from "./memory.ts";
import { MemoryLimiter } from "./memory-limiter.ts";

const mib = 2 ** 20;
const waiting = { signal: new AbortController().signal };
const logs = logsBuilder().resource({ attributes: {} }).scope({ name: "test" }).record({ body: "x" }).build();

/** A process of 50 MiB beside its heap and its buffers. */
class TestMemory implements Memory {
  heapTotal = 20;
  heapUsed = 10;
  external = 0;
  /** Freed memory that the allocator keeps: resident and not in use. */
  kept = 0;
  /** What a collection would free. */
  garbage = 0;
  collections = 0;
  readonly totalBytes = 1000 * mib;
  containerBytes: number | undefined;

  read(): MemoryReading {
    const { heapTotal, heapUsed, external, kept } = this;
    const rss = 50 + heapTotal + external + kept;
    return {
      rss: rss * mib,
      heapTotal: heapTotal * mib,
      heapUsed: heapUsed * mib,
      heapLimit: 4000 * mib,
      external: external * mib,
    };
  }

  collect(): void {
    this.collections += 1;
    this.external -= this.garbage;
    this.kept += this.garbage;
    this.garbage = 0;
  }
}

/** A limiter with a soft limit of 300 MiB and a hard limit of 400 MiB that has started. */
async function started(settings: Partial<z.input<typeof memoryLimiterConfig>> = {}) {
  const host = createTestHost();
  const sink = new Sink<"logs">();
  const memory = new TestMemory();
  const config = memoryLimiterConfig.parse({ limit_mib: 400, spike_limit_mib: 100, ...settings });
  const limiter = new MemoryLimiter({ id: "memory_limiter", config, host, signal: "logs", next: sink, memory });
  await limiter.start(waiting);
  const taken = () =>
    limiter.consume(logs, waiting).then(
      () => true,
      () => false,
    );
  return { host, sink, memory, limiter, taken };
}

describe("memory_limiter", () => {
  it("passes data on untouched below the soft limit", async () => {
    const { host, sink, memory, limiter } = await started();
    memory.external = 229;
    await host.clock.advance(1000);
    await limiter.consume(logs, waiting);
    expect(sink.batches).toEqual([logs]);
    expect(memory.collections).toBe(0);
  });

  it("refuses from the soft limit on and tells when to come again", async () => {
    const { host, sink, memory, limiter } = await started({ check_interval: "2s" });
    memory.external = 230;
    await host.clock.advance(2000);
    await expect(limiter.consume(logs, waiting)).rejects.toMatchObject({
      kind: "refused",
      code: "DBI_MEMORY_LIMIT",
      delayMs: 2000,
    });
    expect(sink.batches).toHaveLength(0);
    expect(host.statuses.at(-1)).toMatchObject({
      state: "recoverable_error",
      message: "data is refused: 300 MiB are in use, the soft limit is 300 MiB",
    });
  });

  it("takes data again as soon as a reading is below the soft limit", async () => {
    const { host, memory, taken } = await started();
    memory.external = 250;
    await host.clock.advance(1000);
    expect(await taken()).toBe(false);
    memory.external = 100;
    await host.clock.advance(1000);
    expect(await taken()).toBe(true);
    expect(host.statuses.at(-1)).toEqual({ state: "ok" });
  });

  it("does not mistake memory that the allocator keeps for memory in use", async () => {
    const { host, memory, taken } = await started();
    memory.kept = 500;
    await host.clock.advance(1000);
    expect(await taken()).toBe(true);
  });

  it("refuses near the container's limit, whatever the resident set is made of", async () => {
    const { host, memory, taken } = await started();
    memory.kept = 930;
    memory.containerBytes = 1050 * mib;
    await host.clock.advance(1000);
    expect(await taken()).toBe(false);
    expect(memory.collections).toBe(1);
    expect(host.statuses.at(-1)).toMatchObject({ message: expect.stringContaining("1000 MiB are in use") });
    memory.kept = 900;
    await host.clock.advance(1000);
    expect(await taken()).toBe(true);
  });

  it("tells those who would make new data to wait, until it stops", async () => {
    const { host, memory, limiter } = await started();
    const pressure = host.shared(memoryPressure);
    memory.external = 250;
    await host.clock.advance(1000);
    expect(pressure.high).toBe(true);
    memory.external = 100;
    await host.clock.advance(1000);
    expect(pressure.high).toBe(false);
    memory.external = 250;
    await host.clock.advance(1000);
    await limiter.stop(waiting);
    expect(pressure.high).toBe(false);
  });

  it("knows the process as it was at first, also after a reload in a bad moment", async () => {
    const { host, memory, limiter } = await started();
    await limiter.stop(waiting);
    memory.kept = 500;
    const config = memoryLimiterConfig.parse({ limit_mib: 400, spike_limit_mib: 100 });
    const args = { id: "memory_limiter", config, host, signal: "logs", next: new Sink<"logs">(), memory } as const;
    const next = new MemoryLimiter(args);
    await next.start(waiting);
    await next.consume(logs, waiting);
    await next.stop(waiting);
    expect(host.statuses).toEqual([]);
  });

  it("collects garbage before it refuses", async () => {
    const { host, memory, taken } = await started();
    memory.external = 240;
    memory.garbage = 100;
    await host.clock.advance(1000);
    expect(memory.collections).toBe(1);
    expect(await taken()).toBe(true);
  });

  it("collects at most every ten seconds above the soft limit, and at each reading above the hard limit", async () => {
    const { host, memory } = await started({ max_gc_interval_when_hard_limited: "0s" });
    memory.external = 250;
    await host.clock.advance(10_000);
    expect(memory.collections).toBe(1);
    memory.external = 400;
    await host.clock.advance(5000);
    expect(memory.collections).toBe(6);
  });

  it("collects less often while collections free almost nothing", async () => {
    const { host, memory } = await started();
    memory.external = 400;
    await host.clock.advance(60_000);
    // At 1, 3, 7, 15 and 31 s, then every 30 s.
    expect(memory.collections).toBe(5);
  });

  it("refuses when V8's own limit is nearer than ours", async () => {
    const { host, memory, taken } = await started();
    memory.heapUsed = 3000;
    await host.clock.advance(1000);
    expect(await taken()).toBe(false);
  });

  it("reads memory at the start, so that a process that is short already refuses at once", async () => {
    const host = createTestHost();
    const memory = new TestMemory();
    memory.external = 400;
    const config = memoryLimiterConfig.parse({ limit_percentage: 20 });
    const args = { id: "memory_limiter", config, host, signal: "logs", next: new Sink<"logs">(), memory } as const;
    const limiter = new MemoryLimiter(args);
    await limiter.start(waiting);
    await expect(limiter.consume(logs, waiting)).rejects.toMatchObject({ code: "DBI_MEMORY_LIMIT" });
  });

  it("reads no more after stop, and again after a new start", async () => {
    const { host, memory, limiter, taken } = await started();
    await limiter.stop(waiting);
    expect(host.clock.pendingTimers).toBe(0);
    await limiter.start(waiting);
    await limiter.start(waiting);
    expect(host.clock.pendingTimers).toBe(1);
    memory.external = 250;
    await host.clock.advance(1000);
    expect(await taken()).toBe(false);
  });

  it("counts what it takes and what it refuses, by signal", async () => {
    const host = createTestHost();
    const noted: unknown[] = [];
    const createCounter = (name: string) => ({
      add: (value: number, attributes: unknown) => void noted.push([name, value, attributes]),
    });
    const meter = Object.assign(Object.create(host.meter), { createCounter });
    const memory = new TestMemory();
    const config = memoryLimiterConfig.parse({ limit_mib: 400 });
    const args = { id: "memory_limiter", config, signal: "logs", next: new Sink<"logs">(), memory } as const;
    const limiter = new MemoryLimiter({ ...args, host: { ...host, meter } });
    await limiter.start(waiting);
    await limiter.consume(logs, waiting);
    memory.external = 400;
    await host.clock.advance(1000);
    await expect(limiter.consume(logs, waiting)).rejects.toMatchObject({ kind: "refused" });
    const processor = { processor: "memory_limiter" };
    expect(noted).toEqual([
      ["otelcol_processor_memory_limiter_accepted_log_records", 1, processor],
      ["otelcol_processor_memory_limiter_refused_log_records", 1, processor],
    ]);
  });
});
