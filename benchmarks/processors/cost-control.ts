import { type Batch, logsBuilder, metricsBuilder, type Signal } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { costControl } from "@dbintel/processor-cost-control";
import { held, type Task, timed } from "./task.ts";

const records = 1000;
const context = { signal: new AbortController().signal };
const text = "SELECT a, b, c FROM orders WHERE id = $1";

function processor(signal: Signal, limit = 10_000) {
  const { definition, config } = costControl({ bytes_per_day: "100000GB", metric_cardinality_limit: limit });
  const next = { consume: async () => {} };
  return definition.create({ id: "cost_control", config, host: createTestHost(), signal, next });
}

/** A processor of logs that a snapshot has put on a step, and whose memory of records is over before each run. */
async function onStep(step: number): Promise<{ consume(batch: Batch): Promise<void> }> {
  const host = createTestHost();
  const season = { profile: new Array(24).fill(0), short: 0, long: 0, observedMs: 1 };
  const snapshot = { version: 1, used: [], offered: [], step, season };
  await host.storage.save("budget", Buffer.from(JSON.stringify(snapshot)));
  const { definition, config } = costControl({ bytes_per_day: "100000GB", ladder: { dedupe_window: "1ms" } });
  const part = definition.create({
    id: "cost_control",
    config: { ...config, ladder: { ...config.ladder, interval: 1e9 } },
    host,
    signal: "logs",
    next: { consume: async () => {} },
  });
  await part.start(context);
  return {
    consume: async (batch) => {
      await host.clock.advance(1);
      await part.consume(batch, context);
    },
  };
}

function logs(): Batch {
  const builder = logsBuilder()
    .resource({ attributes: { "service.name": "shop" } })
    .scope({ name: "bench" });
  for (let index = 0; index < records; index++) {
    const attributes = Object.fromEntries(Array.from({ length: 20 }, (_, key) => [`app.key.${key}`, `value ${index}`]));
    builder.record({ severityNumber: 9, body: text, attributes });
  }
  return builder.build();
}

/** Delta sums of the series from one number to another. */
function series(from: number, to: number): Batch {
  const points = Array.from({ length: to - from }, (_, index) => ({
    attributes: { "db.query.hash": `${from + index}`, "db.namespace": "orders" },
    timeUnixNano: 1n,
    value: 1n,
  }));
  return metricsBuilder()
    .resource({ attributes: { "service.name": "shop" } })
    .scope({ name: "bench" })
    .sum({ name: "calls", monotonic: true, temporality: "delta" }, points)
    .build();
}

type Consumer = Pick<ReturnType<typeof processor>, "consume">;

function task(name: string, make: () => Batch, partOf: () => Promise<Consumer> | Consumer): Task {
  return timed(`cost_control: ${name}`, async () => {
    const part = await partOf();
    const batch = make();
    return { records, run: () => part.consume(batch.fork(), context) };
  });
}

/** A processor that has seen so many series of one metric. */
async function withKeys(keys: number): Promise<object> {
  const part = processor("metrics");
  for (let from = 0; from < keys; from += records) await part.consume(series(from, from + records), context);
  return part;
}

/** The pass path of logs by what the step looks at, of metrics within and above the limit, and what series cost. */
export const costControlTasks: readonly Task[] = [
  task("logs of 20 attributes", logs, () => processor("logs")),
  task("the same, looking for duplicates", logs, () => onStep(1)),
  task("the same, counting values too", logs, () => onStep(6)),
  task(
    "series within the limit",
    () => series(0, records),
    () => processor("metrics"),
  ),
  task(
    "series folded",
    () => series(0, records),
    () => processor("metrics", 100),
  ),
  ...[1000, 100_000, 1_000_000].map((keys) => held("cost_control", keys, withKeys)),
];
