import { type AnyValue, type Batch, logsBuilder } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { queryCorrelator } from "@dbintel/processor-query-correlator";
import { type Task, timed } from "./task.ts";

const records = 1000;
const context = { signal: new AbortController().signal };
const text =
  "SELECT o.id, sum(i.price) FROM orders o JOIN items i ON i.order_id = o.id WHERE o.customer = $1 GROUP BY 1";

function processor() {
  const { definition, config } = queryCorrelator({});
  const id = "query_correlator";
  return definition.create({ id, config, host: createTestHost(), signal: "logs", next: { consume: async () => {} } });
}

/** Records of 20 attributes beside those that are given. */
function logs(attributes: Readonly<Record<string, AnyValue>>): Batch {
  const builder = logsBuilder().resource({ attributes: { "db.system.name": "postgresql" } });
  for (let index = 0; index < records; index++) {
    const others = Array.from({ length: 20 }, (_, key) => [`app.key.${key}`, `value ${index}`] as const);
    builder.record({ body: "done", attributes: { ...Object.fromEntries(others), ...attributes } });
  }
  return builder.build();
}

function task(name: string, attributes: Parameters<typeof logs>[0]): Task {
  return timed(`query_correlator: ${name}`, () => {
    const part = processor();
    const batch = logs(attributes);
    return { records, run: () => part.consume(batch.fork(), context) };
  });
}

/** The pass path; statements that were read before; and statements with their share of the load. */
export const queryCorrelatorTasks: readonly Task[] = [
  task("no statement", {}),
  task("a known statement", { "db.query.text": text }),
  task("a known statement with its counters", {
    "db.query.text": text,
    "postgresql.calls": 3n,
    "postgresql.total_exec_time": 0.5,
  }),
];
