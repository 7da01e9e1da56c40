/**
 * `npm run bench -- plans`: what it costs to read a plan, to hash it and to judge it, by its size, beside what
 * `JSON.parse` alone takes; what the detector of regressions holds for 100,000 statements, and what a window of them
 * takes; and what it finds in simulated histories, beside rules that compare a mean with yesterday's.
 */
import { findingsOf, planAttributes, planHashes, RegressionDetector, readPlan } from "@dbintel/plans";
import { type Outcome, precision, simulate } from "../../packages/database/plans/test/history.ts";
import { type Row, report } from "../harness/results.ts";
import { held, timed } from "../processors/task.ts";
import { followedByProcessor } from "./history.ts";
import { explained } from "./plans.ts";

/** What was made last, so that the compiler cannot leave it out. */
const kept: { last?: unknown } = {};

const read: Row[] = [];
for (const operations of [3, 31, 301]) read.push(...(await reading(operations)));
report("plans", read);
report("plans-followed", await following(100_000));
report("plans-regressions", finding());

async function reading(operations: number): Promise<readonly Row[]> {
  const text = explained(operations);
  const { plan } = readPlan(text);
  if (plan === undefined) throw new Error("the plan was not read");
  const size = `${operations} operations (${Math.ceil(text.length / 1024)} KiB)`;
  const works: readonly (readonly [string, () => unknown])[] = [
    ["JSON.parse", () => JSON.parse(text)],
    ["readPlan", () => readPlan(text)],
    ["planHashes", () => planHashes(plan)],
    ["planAttributes", () => planAttributes(plan)],
    ["findingsOf", () => findingsOf(plan)],
  ];
  const measured: Row[] = [];
  for (const [name, work] of works) {
    const run = (): void => {
      kept.last = work();
    };
    measured.push(await timed(`${size}: ${name}`, () => ({ records: 1, run })).measure());
  }
  const parsing = measured[0]?.figures["CPU ns/record"] ?? Number.NaN;
  return measured.map((row, index) =>
    index === 0 ? row : { ...row, ratio: parsing / (row.figures["CPU ns/record"] ?? Number.NaN) },
  );
}

async function following(statements: number): Promise<readonly Row[]> {
  const memory = await held("RegressionDetector, after 30 windows", statements, async (count) =>
    followed(count),
  ).measure();
  const detector = followed(statements);
  const start = process.cpuUsage();
  window(detector, statements, 31);
  const { user, system } = process.cpuUsage(start);
  const bytes = JSON.stringify(detector.snapshot()).length;
  return [
    memory,
    await held("plan_attribute_extractor, after 3 windows", statements, followedByProcessor).measure(),
    {
      name: `RegressionDetector, ${statements.toLocaleString("en")} statements`,
      figures: {
        "CPU ns/statement and window": ((user + system) * 1000) / statements,
        "bytes saved/statement": bytes / statements,
      },
    },
  ];
}

function followed(statements: number): RegressionDetector {
  const detector = new RegressionDetector({ maxQueries: statements });
  for (let number = 0; number < 30; number++) window(detector, statements, number);
  return detector;
}

function window(detector: RegressionDetector, statements: number, number: number): void {
  for (let statement = 0; statement < statements; statement++) {
    const meanMs = 10 + ((statement + number) % 7) / 5;
    const query = `["db.example:5432","shop","v1:${String(statement).padStart(64, "0")}"]`;
    detector.observe({ query, plan: "v1:usual", calls: 100, meanMs, rowsPerCall: 3, blocksReadPerCall: 1 });
  }
  detector.endWindow({ seconds: 300, endMs: number * 300_000 });
}

function finding(): readonly Row[] {
  const histories = {
    "2 times slower, another plan": { seed: 1, queries: 200, days: 30, factor: 2 },
    "2 times slower, the same plan": { seed: 2, queries: 200, days: 30, factor: 2, otherPlan: false },
    "nothing happens": { seed: 3, queries: 200, days: 30, factor: 1 },
    "nothing but busy hours and days": { seed: 4, queries: 200, days: 30, factor: 1, rhythms: true },
  };
  return Object.entries(histories).flatMap(([name, history]) => {
    const { detector, rule, fences } = simulate(history);
    return [
      outcomeRow(`${name}: detector`, detector),
      outcomeRow(`${name}: mean > 1.5 × yesterday`, rule),
      outcomeRow(`${name}: above yesterday's box plot`, fences),
    ];
  });
}

/** Of 200 statements in 30 days. */
function outcomeRow(name: string, outcome: Outcome): Row {
  const { delays, missed, falseAlarms } = outcome;
  const alarms = { "false alarms": falseAlarms.length };
  if (delays.length + missed === 0) return { name, figures: alarms };
  return {
    name,
    figures: {
      ...alarms,
      found: delays.length,
      missed,
      "windows to find, at most": Math.max(...delays),
      precision: precision(outcome),
    },
  };
}
