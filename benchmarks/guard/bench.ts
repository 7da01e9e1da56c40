/**
 * What the guard costs: nanoseconds of a call that is let through, and the heap that databases hold which are seen
 * once each, before and after their time to live.
 *
 *   npm run bench -- guard
 */
import { BreakerRegistry } from "@dbintel/guard";
import { createTestHost } from "@dbintel/pipeline/testing";
import { median, type Row, report } from "../harness/results.ts";

const databases = 100_000;
const ttlMs = 1_800_000;
const classes = ["counters", "sizes"];
const callsPerRun = 10_000;
const runs = 50;

function heapUsed(): number {
  if (globalThis.gc === undefined) throw new Error("run it by npm run bench: it needs --expose-gc");
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

function call(registry: BreakerRegistry, database: string, fails: boolean): void {
  for (const name of classes) {
    const admission = registry.database("db.example:5432", database).admit(name, false);
    if (!admission.admitted) continue;
    if (fails) admission.fail("other");
    else admission.succeed(1);
  }
}

/** Heap of 100,000 databases of one instance, a tenth of which fail. */
async function memory(): Promise<Row[]> {
  const host = createTestHost();
  const registry = new BreakerRegistry({ environment: host, max: databases, ttlMs });
  call(registry, "first", false);
  const floor = heapUsed();
  for (let number = 0; number < databases; number++) call(registry, `tenant ${number}`, number % 10 === 0);
  const full = heapUsed();
  await host.clock.advance(ttlMs + 1);
  const left = registry.size;
  const after = heapUsed();
  // Used once more, so that it is alive until here.
  call(registry, "last", false);
  return [
    { name: `${databases.toLocaleString("en")} databases seen once`, figures: { "MB held": (full - floor) / 1e6 } },
    {
      name: "the same after their time to live",
      figures: { "MB held": (after - floor) / 1e6, "databases left": left },
    },
  ];
}

function time(): Row {
  const registry = new BreakerRegistry({ environment: createTestHost() });
  const nanoseconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = process.hrtime.bigint();
    for (let index = 0; index < callsPerRun; index++) call(registry, "shop", false);
    nanoseconds.push(Number(process.hrtime.bigint() - start) / (callsPerRun * classes.length));
  }
  return { name: "a call that is let through", figures: { "ns/call": median(nanoseconds) } };
}

report("guard", [time(), ...(await memory())]);
