import type { Signal } from "@dbintel/pdata";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { decodeSnapshot } from "@dbintel/waits";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { queryCorrelator } from "./component.ts";
import { parsedSnapshot, snapshotOf } from "./snapshot.ts";

const never = new AbortController().signal;

it("is read back as it was, and not in another form or version", () => {
  const schema = z.array(z.number());
  expect(parsedSnapshot(snapshotOf([1, 2]), schema)).toEqual([1, 2]);
  expect(parsedSnapshot(snapshotOf(["1"]), schema)).toBeUndefined();
  expect(parsedSnapshot(Buffer.from(JSON.stringify({ version: 2, state: [1] })), schema)).toBeUndefined();
  expect(parsedSnapshot(snapshotOf([1, 2]).subarray(1), schema)).toBeUndefined();
});

describe("a saved state that is damaged", () => {
  it.each<[Signal, string]>([
    ["logs", "statements"],
    ["metrics", "tables"],
    ["traces", "callers"],
  ])("of %s is told and not used", async (signal, name) => {
    const host = createTestHost();
    await host.storage.save(name, Buffer.from("{"));
    const { definition, config } = queryCorrelator();
    const next = new Sink<Signal>();
    const processor = definition.create({ id: "query_correlator", config, host, signal, next });
    await processor.start({ signal: never });
    expect(host.lines.map(({ level, message }) => [level, message])).toEqual([
      ["warn", expect.stringContaining(`the saved state of ${name} is unreadable`)],
    ]);
    await processor.stop({ signal: never });
    expect(parsedSnapshot((await host.storage.load(name)) ?? new Uint8Array(), z.array(z.unknown()))).toEqual([]);
  });
});

it("does not use what was learnt of waits when that is damaged or of another version, and learns anew", async () => {
  for (const damaged of [
    "{",
    '{"version":2,"baselines":[],"references":[]}',
    '{"version":1,"baselines":[["a",[1]]]}',
  ]) {
    const host = createTestHost();
    await host.storage.save("waits", Buffer.from(damaged));
    const { definition, config } = queryCorrelator();
    const next = new Sink<Signal>();
    const processor = definition.create({ id: "query_correlator", config, host, signal: "logs", next });
    await processor.start({ signal: never });
    expect(host.lines.map(({ level, message }) => [level, message])).toEqual([
      ["warn", "the saved state of waits is unreadable; what is usual for each database is learnt anew"],
    ]);
    await processor.stop({ signal: never });
    const saved = decodeSnapshot((await host.storage.load("waits")) ?? new Uint8Array());
    expect(saved).toEqual({ baselines: [], references: [] });
  }
});
