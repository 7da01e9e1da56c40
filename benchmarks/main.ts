/**
 * `npm run bench`: all benchmarks one after the other, each in a process of its own; `npm run bench -- pdata relay`
 * only those. What follows `--` goes to the benchmark: `npm run bench -- pdata --check`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { bundleCollector } from "../scripts/bundling/collector-bundle.ts";

const benchmarks: Readonly<Record<string, string>> = {
  pdata: "pdata/bench.ts",
  condition: "condition/bench.ts",
  delivery: "delivery/bench.ts",
  "durable-relay": "pipeline/durable-relay.ts",
  guard: "guard/bench.ts",
  mysql: "mysql/bench.ts",
  outage: "outage/bench.ts",
  plans: "plans/bench.ts",
  postgresql: "postgresql/bench.ts",
  "postgresql-poll": "postgresql/poll.ts",
  processors: "processors/bench.ts",
  queue: "queue/bench.ts",
  relay: "pipeline/relay.ts",
  sampling: "sampling/bench.ts",
  sql: "sql/bench.ts",
  startup: "startup/bench.ts",
  verification: "verification/bench.ts",
  waits: "waits/bench.ts",
};

const args = process.argv.slice(2);
const options = args.filter((arg) => arg.startsWith("-"));
const named = args.filter((arg) => !arg.startsWith("-"));
const unknown = named.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}; there are: ${Object.keys(benchmarks).join(", ")}`);
  process.exit(2);
}

// What is measured is the source as it is now.
await bundleCollector();

for (const [name, file] of Object.entries(benchmarks)) {
  if (named.length > 0 && !named.includes(name)) continue;
  console.log(`\n${name}`);
  const script = fileURLToPath(new URL(file, import.meta.url));
  // --expose-gc: figures of memory are taken after a collection.
  const child = spawn(process.execPath, ["--conditions=@dbintel/source", "--expose-gc", script, ...options], {
    stdio: "inherit",
  });
  const [code] = await once(child, "exit");
  if (code !== 0) process.exitCode = 1;
}
