import { type AnyValue, type Batch, logsBuilder, metricsBuilder, type Signal, tracesBuilder } from "@dbintel/pdata";
import type { Consumer } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import { queryCorrelator } from "@dbintel/processor-query-correlator";
import { type Task, timed } from "./task.ts";

type Values = Readonly<Record<string, AnyValue>>;

const items = 1000;
const context = { signal: new AbortController().signal };
const resource = { attributes: { "db.system.name": "postgresql", "server.address": "db", "server.port": 5432n } };
const text =
  "SELECT o.id, sum(i.price) FROM orders o JOIN items i ON i.order_id = o.id WHERE o.customer = $1 GROUP BY 1";
const counters = { "db.query.text": text, "postgresql.calls": 3n, "postgresql.total_exec_time": 0.5 };

/** The processor in a pipeline of each signal. */
function processors(): (batch: Batch) => Promise<void> {
  const collector = createTestHost();
  const { definition, config } = queryCorrelator({});
  const create = (signal: Signal) => {
    const host = createTestHost({ collectorOf: collector });
    const next: Consumer = { consume: async () => {} };
    return definition.create({ id: "query_correlator", config, host, signal, next });
  };
  const parts: Readonly<Record<Signal, Consumer>> = {
    logs: create("logs"),
    metrics: create("metrics"),
    traces: create("traces"),
  };
  return (batch) => parts[batch.signal].consume(batch, context);
}

/** The attributes of item number `index`: 20 beside those that are given. */
function attributesOf(index: number, given: Values): Values {
  const others = Array.from({ length: 20 }, (_, key) => [`app.key.${key}`, `value ${index}`] as const);
  return { ...Object.fromEntries(others), ...given };
}

function logs(given: (index: number) => Values): Batch {
  const builder = logsBuilder().resource(resource);
  for (let index = 0; index < items; index++) {
    builder.record({ body: "done", attributes: attributesOf(index, given(index)) });
  }
  return builder.build();
}

function spans(given: Values): Batch {
  const builder = tracesBuilder().resource({ attributes: { "service.name": "shop" } });
  for (let index = 0; index < items; index++) {
    const ids = { traceId: index.toString(16).padStart(32, "a"), spanId: "b".repeat(16) };
    const times = { startTimeUnixNano: 1n, endTimeUnixNano: 2n };
    builder.span({ ...ids, ...times, name: "query", kind: 3, attributes: attributesOf(index, given) });
  }
  return builder.build();
}

function tablePoints(): Batch {
  const builder = metricsBuilder().resource(resource);
  const points = Array.from({ length: items }, (_, index) => ({
    attributes: {
      "db.namespace": "shop",
      "db.collection.name": `public.t${index >> 1}`,
      state: index % 2 ? "dead" : "live",
    },
    timeUnixNano: 1n,
    value: 100n,
  }));
  return builder.gauge({ name: "postgresql.rows" }, points).build();
}

function task(name: string, make: () => Batch, before: readonly (() => Batch)[] = []): Task {
  return timed(`query_correlator: ${name}`, async () => {
    const consume = processors();
    for (const batch of before) await consume(batch());
    const batch = make();
    return { records: items, run: () => consume(batch.fork()) };
  });
}

const sampled = (index: number) => ({
  "db.query.text": text,
  "postgresql.pid": BigInt(index),
  "postgresql.wait_event_type": "Lock",
  "postgresql.wait_event": "transactionid",
  "postgresql.blocking.pids": index === 0 ? "{}" : `{${index >> 1}}`,
});

const databaseSpan = { "db.system.name": "postgresql", "server.address": "db", "db.query.text": text };

/** The pass path, statements that were read before, events of receivers, metrics of tables and spans of applications. */
export const queryCorrelatorTasks: readonly Task[] = [
  task("no statement", () => logs(() => ({}))),
  task("a known statement", () => logs(() => ({ "db.query.text": text }))),
  task("a known statement with its counters", () => logs(() => counters)),
  task("a sample of a blocked session", () => logs(sampled)),
  task("a span without a statement", () => spans({})),
  task("a span of a known statement", () => spans(databaseSpan), [() => logs(() => counters)]),
  task("a point about a table", tablePoints),
];
