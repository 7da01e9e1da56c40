import { type AnyValue, type Logs, logsBuilder, metricsBuilder } from "@dbintel/pdata";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { resource } from "./component.ts";
import { resourceConfig } from "./config.ts";

const never = new AbortController().signal;

const actions = [
  { key: "environment", action: "upsert", value: "production" },
  { key: "host.name", action: "insert", from_attribute: "server.address" },
  { action: "delete", pattern: "^process\\." },
] as const;

function attributesOf(batch: Pick<Logs, "resources">): Record<string, AnyValue>[] {
  return Array.from(batch.resources(), (each) => Object.fromEntries(each.attributes.entries()));
}

it("edits each resource once and no record", async () => {
  const batch = logsBuilder()
    .resource({ attributes: { "server.address": "db1", "process.pid": 7n } })
    .scope({ name: "s" })
    .record({ attributes: { "process.pid": 1n } })
    .record({ attributes: { "process.pid": 2n } })
    .resource({ attributes: { environment: "test", "host.name": "h" } })
    .scope({ name: "s" })
    .record({})
    .build();
  const next = new Sink<"logs">();
  const { definition, config } = resource({ attributes: [...actions] });
  const processor = definition.create({ id: "resource", config, host: createTestHost(), signal: "logs", next });
  await processor.start({ signal: never });
  await processor.consume(batch, { signal: never });
  await processor.stop({ signal: never });

  expect(next.batches).toHaveLength(1);
  for (const out of next.batches) {
    expect(attributesOf(out)).toEqual([
      { "server.address": "db1", environment: "production", "host.name": "db1" },
      { environment: "production", "host.name": "h" },
    ]);
    expect(Array.from(out.records(), (record) => record.attributes.get("process.pid"))).toEqual([1n, 2n, undefined]);
    expect(out.count).toBe(3);
  }
});

it("does the same to metrics", async () => {
  const batch = metricsBuilder()
    .resource({ attributes: {} })
    .scope({ name: "s" })
    .gauge({ name: "m" }, [{ timeUnixNano: 1n, value: 1n }])
    .build();
  const next = new Sink<"metrics">();
  const { definition, config } = resource({ attributes: [...actions] });
  const processor = definition.create({ id: "resource", config, host: createTestHost(), signal: "metrics", next });
  await processor.consume(batch, { signal: never });
  expect(next.batches.map(attributesOf)).toEqual([[{ environment: "production" }]]);
});

it("refuses settings without an action", () => {
  expect(resourceConfig.safeParse({ attributes: [] }).success).toBe(false);
  expect(resourceConfig.safeParse({ actions: [...actions] }).success).toBe(false);
});
