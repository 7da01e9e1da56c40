import { type Batch, logsBuilder } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { adaptiveSampler, Candidates, Sampler } from "@dbintel/processor-adaptive-sampler";
import { held, type Task, timed, type Work } from "./task.ts";

const records = 1000;
const context = { signal: new AbortController().signal };
const text = "SELECT a, b, c FROM orders WHERE id = $1";

type Settings = NonNullable<Parameters<typeof adaptiveSampler>[0]>;

function processor(settings: Settings) {
  const { definition, config } = adaptiveSampler({ max_records_per_second: 1e9, minimum_per_key: 0, ...settings });
  const next = { consume: async () => {} };
  return definition.create({ id: "adaptive_sampler", config, host: createTestHost(), signal: "logs", next });
}

function logs(firstKey = 0): Batch {
  const builder = logsBuilder()
    .resource({ attributes: { "service.name": "shop" } })
    .scope({ name: "bench" });
  for (let index = 0; index < records; index++) {
    const attributes = Object.fromEntries(Array.from({ length: 17 }, (_, key) => [`app.key.${key}`, `value ${index}`]));
    builder.record({
      severityNumber: 9,
      body: text,
      attributes: {
        ...attributes,
        "db.namespace": "orders",
        "db.query.fingerprint": `${firstKey + index}`,
        "db.client.operation.duration": index / 1000,
      },
    });
  }
  return builder.build();
}

function task(name: string, settings: Settings): Task {
  return timed(`adaptive_sampler: ${name}`, () => {
    const part = processor(settings);
    const batch = logs();
    return { records, run: () => part.consume(batch.fork(), context) };
  });
}

function decision(): Work {
  const sampler = new Sampler({
    groups: [{ rate: 0.1 }],
    maxRecordsPerSecond: 100,
    minimumPerKey: 2,
    keepAlwaysPerSecond: 10,
    random: Math.random,
  });
  const candidates = Candidates.of({
    weights: Array.from({ length: records }, (_, index) => 1 + index),
    keys: Array.from({ length: records }, (_, index) => index % 100),
  });
  let nowMs = 0;
  return {
    records,
    run: () => {
      nowMs += 100;
      sampler.decide(candidates, nowMs);
    },
  };
}

/** A processor that has seen so many statements. */
async function withKeys(keys: number): Promise<object> {
  const part = processor({ minimum_per_key: 2, max_records_per_second: 1000 });
  for (let from = 0; from < keys; from += records) await part.consume(logs(from), context);
  return part;
}

/** A batch of 20-attribute records through the processor, a decision of the library alone, and what keys cost. */
export const adaptiveSamplerTasks: readonly Task[] = [
  task("1 % of logs of 20 attributes kept", { default_sample_rate: 0.01 }),
  task("10 % kept, with a rule in CEL", {
    rules: [{ name: "slow", condition: 'attributes["db.client.operation.duration"] > 10.0', sample_rate: 1 }],
  }),
  task("all kept and marked", { default_sample_rate: 1 }),
  timed("adaptive_sampler: decision of the library", decision),
  ...[1000, 100_000, 1_000_000].map((keys) => held("adaptive_sampler", keys, withKeys)),
];
