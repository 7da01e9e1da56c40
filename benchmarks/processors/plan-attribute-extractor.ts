import { type AnyValue, type Batch, logsBuilder } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { planAttributeExtractor } from "@dbintel/processor-plan-attribute-extractor";
import { type Task, timed, type Work } from "./task.ts";

const records = 1000;
const context = { signal: new AbortController().signal };
const text =
  "SELECT o.id, sum(i.price) FROM orders o JOIN items i ON i.order_id = o.id WHERE o.customer = 42 GROUP BY 1";

function processor() {
  const { definition, config } = planAttributeExtractor({ timeout: "1h" });
  const id = "plan_attribute_extractor";
  return definition.create({ id, config, host: createTestHost(), signal: "logs", next: { consume: async () => {} } });
}

/** Records of 20 attributes beside those that are given. */
function logs(attributesOf: (index: number) => Readonly<Record<string, AnyValue>>): Batch {
  const builder = logsBuilder()
    .resource({ attributes: { "service.instance.id": "db.example:5432", "db.system.name": "postgresql" } })
    .scope({ name: "bench" });
  for (let index = 0; index < records; index++) {
    const others = Array.from({ length: 20 }, (_, key) => [`app.key.${key}`, `value ${index}`] as const);
    builder.record({
      severityNumber: 9,
      body: "done",
      attributes: { ...Object.fromEntries(others), ...attributesOf(index) },
    });
  }
  return builder.build();
}

/** A join of two tables with a condition that is another for each number. */
function plan(number: number): string {
  const scan = (name: string) => ({
    "Node Type": "Index Scan",
    "Index Name": `${name}_pkey`,
    "Relation Name": name,
    Alias: name,
    "Plan Rows": 100,
    "Total Cost": 12.5,
    "Index Cond": `(${name}.id = ${number})`,
  });
  const join = { "Node Type": "Nested Loop", "Join Type": "Inner", Plans: [scan("orders"), scan("items")] };
  return JSON.stringify([{ Plan: { "Node Type": "Aggregate", Strategy: "Sorted", Plans: [join] } }]);
}

function task(name: string, attributesOf: Parameters<typeof logs>[0]): Task {
  return timed(`plan_attribute_extractor: ${name}`, () => {
    const part = processor();
    const batch = logs(attributesOf);
    return { records, run: () => part.consume(batch.fork(), context) };
  });
}

function newPlans(): Work {
  const part = processor();
  let fresh = 0;
  return {
    records: 100,
    run: () => {
      const builder = logsBuilder().resource({ attributes: {} });
      for (let index = 0; index < 100; index++) builder.record({ attributes: { plan_json: plan(fresh++) } });
      return part.consume(builder.build(), context);
    },
  };
}

/** The pass path; statements and plans that were seen before; and plans that never were. */
export const planAttributeExtractorTasks: readonly Task[] = [
  task("neither plan nor statement", () => ({})),
  task("a known statement", () => ({ "db.query.text": text })),
  task("a known plan", () => ({ plan_json: plan(1) })),
  timed("plan_attribute_extractor: a new plan, made and read", newPlans),
];
