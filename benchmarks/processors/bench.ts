/**
 * What processors cost: nanoseconds and bytes allocated for each record, and what they hold for many keys.
 *
 *   npm run bench -- processors
 */
import { median, type Row, report } from "../harness/results.ts";
import { adaptiveSamplerTasks, adaptiveSamplerWithKeys } from "./adaptive-sampler.ts";
import { circuitBreakerTasks, circuitBreakerWithKeys } from "./circuit-breaker.ts";
import { costControlTasks, costControlWithKeys } from "./cost-control.ts";
import { planAttributeExtractorTasks } from "./plan-attribute-extractor.ts";
import { queryCorrelatorTasks } from "./query-correlator.ts";
import type { ProcessorTask } from "./task.ts";

const alive = new WeakSet<object>();
const runs = 300;
const warmUps = 50;

async function timed(task: ProcessorTask): Promise<Row> {
  for (let run = 0; run < warmUps; run++) await task.run();
  const nanoseconds: number[] = [];
  const bytes: number[] = [];
  for (let run = 0; run < runs; run++) {
    // Now and then after a collection, so that none falls into the run whose allocations are counted.
    const counted = run % 10 === 0;
    if (counted) collect();
    const before = process.memoryUsage().heapUsed;
    const start = process.hrtime.bigint();
    await task.run();
    nanoseconds.push(Number(process.hrtime.bigint() - start) / task.records);
    if (counted) bytes.push((process.memoryUsage().heapUsed - before) / task.records);
  }
  return {
    name: task.name,
    figures: { "ns/record": median(nanoseconds), "bytes allocated/record": median(bytes) },
  };
}

async function held(name: string, keys: number, load: (keys: number) => Promise<object>): Promise<Row> {
  const before = used();
  const loaded = await load(keys);
  const megabytes = (used() - before) / 1e6;
  // Used after the measurement, so that it is alive during it.
  alive.add(loaded);
  return { name: `${name}: ${keys.toLocaleString("en")} keys`, figures: { "MB held": megabytes } };
}

function used(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function collect(): void {
  if (globalThis.gc === undefined) throw new Error("run it by npm run bench: it needs --expose-gc");
  globalThis.gc();
}

const rows: Row[] = [];
for (const task of adaptiveSamplerTasks()) rows.push(await timed(task));
for (const keys of [1000, 100_000, 1_000_000]) rows.push(await held("adaptive_sampler", keys, adaptiveSamplerWithKeys));
for (const task of await costControlTasks()) rows.push(await timed(task));
for (const keys of [1000, 100_000, 1_000_000]) rows.push(await held("cost_control", keys, costControlWithKeys));
for (const task of circuitBreakerTasks()) rows.push(await timed(task));
for (const keys of [1000, 100_000, 1_000_000]) rows.push(await held("circuit_breaker", keys, circuitBreakerWithKeys));
for (const task of planAttributeExtractorTasks()) rows.push(await timed(task));
for (const task of queryCorrelatorTasks()) rows.push(await timed(task));
report("processors", rows);
