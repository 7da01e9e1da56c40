import { type Batch, logsBuilder, metricsBuilder, type Signal } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { nrErrorMonitor } from "@dbintel/processor-nr-error-monitor";
import { held, type Task, timed } from "./task.ts";

const records = 1000;
const context = { signal: new AbortController().signal };
const resource = { attributes: { "service.name": "shop", "service.instance.id": "db.example:5432" } };

function processor(signal: Signal, settings: Parameters<typeof nrErrorMonitor>[0] = {}) {
  const { definition, config } = nrErrorMonitor(settings);
  const next = { consume: async () => {} };
  const host = createTestHost();
  return { host, part: definition.create({ id: "nr_error_monitor", config, host, signal, next }) };
}

function attributesOf(index: number, text: string): Record<string, string> {
  const others = Array.from({ length: 19 }, (_, key) => [`app.key.${key}`, `value ${index % 100}`] as const);
  return { ...Object.fromEntries(others), text };
}

function logs(timeUnixNano: bigint, textOf: (index: number) => string): Batch {
  const builder = logsBuilder().resource(resource).scope({ name: "bench" });
  for (let index = 0; index < records; index++) {
    builder.record({
      timeUnixNano,
      body: "SELECT a FROM orders WHERE id = $1",
      attributes: attributesOf(index, textOf(index)),
    });
  }
  return builder.build();
}

function pointsOf(timeUnixNano: bigint, from: number) {
  return Array.from({ length: records }, (_, index) => {
    return {
      timeUnixNano,
      value: 1n,
      attributes: { "db.namespace": "shop", "postgresql.table.name": `t${from + index}` },
    };
  });
}

function metrics(timeUnixNano: bigint, from = 0): Batch {
  return metricsBuilder()
    .resource(resource)
    .scope({ name: "bench" })
    .gauge({ name: "postgresql.rows" }, pointsOf(timeUnixNano, from))
    .build();
}

function changes(timeUnixNano: bigint): Batch {
  return metricsBuilder()
    .resource(resource)
    .scope({ name: "bench" })
    .sum({ name: "postgresql.rows", monotonic: false, temporality: "delta" }, pointsOf(timeUnixNano, 0))
    .build();
}

function task(
  name: string,
  settings: Parameters<typeof nrErrorMonitor>[0],
  batchOf: (timeUnixNano: bigint) => Batch,
): Task {
  return timed(`nr_error_monitor: ${name}`, () => {
    const { host, part } = processor("logs", settings);
    const batch = batchOf(host.clock.unixNano());
    return { records, run: () => part.consume(batch.fork(), context) };
  });
}

/** Series of one metric in a day. */
async function withKeys(keys: number): Promise<object> {
  const { host, part } = processor("metrics", { mode: "fix", cardinality_limit: 2_000_000 });
  for (let from = 0; from < keys; from += records) await part.consume(metrics(host.clock.unixNano(), from), context);
  return part;
}

/** The pass path, what it costs to mend, and what the series of a day hold. */
export const nrErrorMonitorTasks: readonly Task[] = [
  task("logs of 20 attributes, all well", {}, (time) => logs(time, () => "text")),
  task("one in fifty mended", { mode: "fix" }, (time) =>
    logs(time, (index) => "x".repeat(index % 50 === 0 ? 5000 : 4)),
  ),
  task("data points, all well", {}, (time) => metrics(time)),
  task("changes made levels", { mode: "fix" }, changes),
  ...[1000, 100_000, 1_000_000].map((keys) => held("nr_error_monitor", keys, withKeys)),
];
