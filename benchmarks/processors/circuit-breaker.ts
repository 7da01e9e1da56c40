import { type Batch, logsBuilder } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { circuitBreaker } from "@dbintel/processor-circuit-breaker";
import { held, type Task, timed } from "./task.ts";

const records = 1000;
const context = { signal: new AbortController().signal };

function processor(settings: Parameters<typeof circuitBreaker>[0] = {}) {
  const { definition, config } = circuitBreaker({
    max_databases: 1_000_000,
    flood: { items_per_second: 1e12 },
    ...settings,
  });
  const next = { consume: async () => {} };
  return definition.create({ id: "circuit_breaker", config, host: createTestHost(), signal: "logs", next });
}

/** Records of 20 attributes; the last one names the database. */
function logs(databaseOf: (index: number) => string, attributes = 19): Batch {
  const builder = logsBuilder()
    .resource({ attributes: { "service.name": "shop", "service.instance.id": "db.example:5432" } })
    .scope({ name: "bench" });
  for (let index = 0; index < records; index++) {
    const others = Array.from({ length: attributes }, (_, key) => [`app.key.${key}`, `value ${index}`] as const);
    builder.record({
      severityNumber: 9,
      body: "SELECT a, b, c FROM orders WHERE id = $1",
      attributes: { ...Object.fromEntries(others), "db.namespace": databaseOf(index) },
    });
  }
  return builder.build();
}

function task(name: string, settings: Parameters<typeof processor>[0], databaseOf: (index: number) => string): Task {
  return timed(`circuit_breaker: ${name}`, () => {
    const part = processor(settings);
    const batch = logs(databaseOf);
    return { records, run: () => part.consume(batch.fork(), context) };
  });
}

/** A processor that has seen so many databases. */
async function withKeys(keys: number): Promise<object> {
  const part = processor();
  for (let from = 0; from < keys; from += records) {
    await part.consume(
      logs((index) => `tenant ${from + index}`, 0),
      context,
    );
  }
  return part;
}

const one = () => "orders";

/** The pass path, by what neighbours have in common; a flood, whose items are dropped; and what databases cost. */
export const circuitBreakerTasks: readonly Task[] = [
  task("one database", {}, one),
  task("100 databases in turn", {}, (index) => `tenant ${index % 100}`),
  task("health by severity", { health: { log: "severity_number >= SEVERITY_NUMBER_ERROR" } }, one),
  task("flood dropped", { flood: { items_per_second: 1 } }, one),
  ...[1000, 100_000, 1_000_000].map((keys) => held("circuit_breaker", keys, withKeys)),
];
