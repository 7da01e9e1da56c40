import { type Batch, logsBuilder } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { adaptiveSampler, Candidates, Sampler } from "@dbintel/processor-adaptive-sampler";
import type { ProcessorTask } from "./task.ts";

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

/** A batch of 20-attribute records through the processor, and a decision of the library alone. */
export function adaptiveSamplerTasks(): readonly ProcessorTask[] {
  const batch = logs();
  const task = (name: string, settings: Settings): ProcessorTask => {
    const part = processor(settings);
    return { name: `adaptive_sampler: ${name}`, records, run: () => part.consume(batch.fork(), context) };
  };
  return [
    task("1 % of logs of 20 attributes kept", { default_sample_rate: 0.01 }),
    task("10 % kept, with a rule in CEL", {
      rules: [{ name: "slow", condition: 'attributes["db.client.operation.duration"] > 10.0', sample_rate: 1 }],
    }),
    task("all kept and marked", { default_sample_rate: 1 }),
    decision(),
  ];
}

function decision(): ProcessorTask {
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
    name: "adaptive_sampler: decision of the library",
    records,
    run: () => {
      nowMs += 100;
      sampler.decide(candidates, nowMs);
    },
  };
}

/** A processor that has seen so many statements: what it holds is for the caller to measure. */
export async function adaptiveSamplerWithKeys(keys: number): Promise<object> {
  const part = processor({ minimum_per_key: 2, max_records_per_second: 1000 });
  for (let from = 0; from < keys; from += records) await part.consume(logs(from), context);
  return part;
}
