/**
 * What processors cost: CPU time and bytes allocated for each record, and what they hold for many keys. Each task has
 * a process of its own, as each pipeline has its own settings: in one process the compiler would have to make code that
 * suits all of them.
 *
 *   npm run bench -- processors
 *   npm run bench -- processors --only=circuit_breaker     the tasks whose names begin so; keeps nothing
 *   node --conditions=@dbintel/source --expose-gc --cpu-prof benchmarks/processors/bench.ts "--task=NAME"
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Row, report, tableOf } from "../harness/results.ts";
import { adaptiveSamplerTasks } from "./adaptive-sampler.ts";
import { circuitBreakerTasks } from "./circuit-breaker.ts";
import { costControlTasks } from "./cost-control.ts";
import { nrErrorMonitorTasks } from "./nr-error-monitor.ts";
import { planAttributeExtractorTasks } from "./plan-attribute-extractor.ts";
import { queryCorrelatorTasks } from "./query-correlator.ts";
import { verificationTasks } from "./verification.ts";

const tasks = [
  ...adaptiveSamplerTasks,
  ...costControlTasks,
  ...circuitBreakerTasks,
  ...planAttributeExtractorTasks,
  ...queryCorrelatorTasks,
  ...nrErrorMonitorTasks,
  ...verificationTasks,
];

const { values } = parseArgs({ options: { task: { type: "string" }, only: { type: "string" } }, strict: false });
const { task: wanted, only } = values;

if (typeof wanted === "string") {
  const task = tasks.find(({ name }) => name === wanted);
  if (task === undefined) throw new Error(`there is no task ${wanted}`);
  console.log(JSON.stringify(await task.measure()));
} else {
  const chosen = tasks.filter(({ name }) => typeof only !== "string" || name.startsWith(only));
  const rows = chosen.map(({ name }) => measured(name));
  if (chosen.length < tasks.length) console.log(tableOf(rows));
  else report("processors", rows);
}

/** The row of a task, from a process of its own. */
function measured(name: string): Row {
  const script = fileURLToPath(import.meta.url);
  const args = ["--conditions=@dbintel/source", "--expose-gc", script, `--task=${name}`];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));
}
