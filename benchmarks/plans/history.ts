import { logsBuilder } from "@dbintel/pdata";
import { createTestHost, FakeClock } from "@dbintel/pipeline/testing";
import { planAttributeExtractor } from "@dbintel/processor-plan-attribute-extractor";
import { explained } from "./plans.ts";

const signal = new AbortController().signal;
const windows = 3;
const batchSize = 1000;

/** A `plan_attribute_extractor` that has seen so many statements over three windows, each with a plan of its own. */
export async function followedByProcessor(statements: number): Promise<object> {
  const clock = new FakeClock();
  const { definition, config } = planAttributeExtractor({ timeout: "1h", regression: { max_queries: statements } });
  const processor = definition.create({
    id: "plan_attribute_extractor",
    config,
    host: createTestHost({ clock }),
    signal: "logs",
    next: { consume: async () => {} },
  });
  await processor.start({ signal });
  const plan = explained(3);
  for (let window = 0; window < windows; window++) {
    for (let from = 0; from < statements; from += batchSize) {
      const batch = logsBuilder().resource({ attributes: { "service.instance.id": "db.example:5432" } });
      for (let number = from; number < Math.min(from + batchSize, statements); number++) {
        batch.record({
          attributes: {
            "db.query.text": `SELECT a FROM t${number}_0 WHERE id = $1`,
            "postgresql.calls": 100n,
            "postgresql.total_exec_time": 1 + ((number + window) % 7) / 5,
            ...(window === 0 ? { plan_json: plan.replaceAll("table_", `t${number}_`) } : {}),
          },
        });
      }
      await processor.consume(batch.build(), { signal });
    }
    await clock.advance(config.regression.window);
  }
  return processor;
}
