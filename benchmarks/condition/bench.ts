/**
 * Conditions on log records of 18 attributes: our closures over the lens beside @marcbachmann/cel-js on objects made
 * from the same batch, which is the same work, and on objects that are there already, which is the peer at its best.
 * Rounds are interleaved; the figures are medians.
 */
import { compileCondition } from "@dbintel/condition";
import { type Logs, logsBuilder } from "@dbintel/pdata";
import { Environment } from "@marcbachmann/cel-js";
import { median, report } from "../harness/results.ts";

const recordCount = 800;
const rounds = 15;
const roundMs = 40;

const expressions = [
  "severity_number >= 13",
  'attributes["db.system.name"] == "postgresql"',
  'attributes["db.response.rows"] > 500',
  '"absent" in attributes',
  'attributes["db.namespace"] in ["orders", "users", "billing"]',
  'attributes["db.query.text"].contains("FROM payments")',
  'attributes["db.query.text"].matches("WHERE id = [0-9]+$")',
  'severity_number >= 9 && attributes["db.system.name"] == "postgresql" && attributes["db.response.rows"] > 500',
] as const;

function makeLogs(): Logs {
  const builder = logsBuilder()
    .resource({ attributes: { "service.name": "shop" } })
    .scope({ name: "bench" });
  for (let index = 0; index < recordCount; index++) {
    builder.record({
      timeUnixNano: 1_700_000_000_000_000_000n + BigInt(index),
      severityNumber: 1 + (index % 24),
      body: "query",
      attributes: {
        ...Object.fromEntries(Array.from({ length: 14 }, (_, extra) => [`app.attribute.${extra}`, `value ${extra}`])),
        "db.system.name": index % 2 === 0 ? "postgresql" : "mysql",
        "db.namespace": ["orders", "users", "stock"][index % 3],
        "db.response.rows": BigInt(index),
        "db.query.text": `SELECT a, b, c FROM orders JOIN items ON items.order_id = orders.id WHERE id = ${index}`,
      },
    });
  }
  return builder.build();
}

interface Ready {
  readonly attributes: ReadonlyMap<string, unknown>;
  readonly severity_number: bigint;
}

function materialise(logs: Logs): Ready[] {
  return Array.from(logs.records(), (record) => ({
    attributes: new Map(record.attributes.entries()),
    severity_number: BigInt(record.severityNumber),
  }));
}

/** Evaluations per second of one round. */
function measure(evaluateAll: () => number): number {
  const start = performance.now();
  let evaluations = 0;
  let elapsed = 0;
  do {
    evaluateAll();
    evaluations += recordCount;
    elapsed = performance.now() - start;
  } while (elapsed < roundMs);
  return (evaluations / elapsed) * 1000;
}

const environment = new Environment()
  .registerVariable("attributes", "map<string, dyn>")
  .registerVariable("severity_number", "int");
const logs = makeLogs();
const ready = materialise(logs);

const rows = expressions.map((expression) => {
  const { matches } = compileCondition(expression, "log");
  const program = environment.parse(expression);
  const onLens = () => {
    let matched = 0;
    const record = logs.records();
    while (record.advance()) if (matches(record)) matched++;
    return matched;
  };
  const onObjects = (objects: readonly Ready[]) => {
    let matched = 0;
    for (const object of objects) if (program(object) === true) matched++;
    return matched;
  };
  // The peer has to give the same answer, or its speed says nothing.
  const answers = [onLens(), onObjects(ready)];
  if (answers[0] !== answers[1]) throw new Error(`cel-js disagrees on ${expression}: ${answers.join(", ")}`);
  const lens: number[] = [];
  const made: number[] = [];
  const there: number[] = [];
  for (let round = 0; round < rounds; round++) {
    lens.push(measure(onLens));
    made.push(measure(() => onObjects(materialise(logs))));
    there.push(measure(() => onObjects(ready)));
  }
  return {
    name: expression,
    figures: {
      "lens/s": median(lens),
      "cel-js from the batch/s": median(made),
      "cel-js on ready objects/s": median(there),
    },
    ratio: median(lens) / median(made),
  };
});

report("condition", rows, { "@marcbachmann/cel-js": "8.0.0" });
