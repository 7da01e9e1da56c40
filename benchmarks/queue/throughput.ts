import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { median, type Row } from "../harness/results.ts";
import { type Candidate, candidates } from "./candidate.ts";

const sizes = [
  { name: "4 KiB", bytes: 4096 },
  { name: "64 KiB", bytes: 65_536 },
  { name: "1 MiB", bytes: 1_048_576 },
] as const;
/** Callers that wait for the disk at the same time, as requests of applications do. */
const callers = 16;
/** Records that wait for delivery before the first is finished. */
const backlog = 32;
const runMs = 1500;
const runs = 5;

interface Run {
  readonly megabytesPerSecond: number;
  readonly p99Ms: number;
  readonly loopDelayMs: number;
}

/** Callers put records as fast as the store takes them, and what was put a while ago is finished. */
async function run({ open }: Candidate, parent: string, bytes: number): Promise<Run> {
  const folder = await mkdtemp(join(parent, "run-"));
  const store = await open(folder);
  const content = Buffer.alloc(bytes, "select * from orders where id = ? ");
  const waits: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startMs = performance.now();
  let next = 0;
  const caller = async () => {
    while (performance.now() - startMs < runMs) {
      const id = next++;
      const putMs = performance.now();
      await store.put(id, content);
      waits.push(performance.now() - putMs);
      if (id >= backlog) store.finish(id - backlog);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - startMs) / 1000;
  delay.disable();
  await store.close();
  await rm(folder, { recursive: true });
  const sorted = waits.toSorted((one, other) => one - other);
  return {
    megabytesPerSecond: (waits.length * bytes) / 1e6 / seconds,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    loopDelayMs: delay.percentile(99) / 1e6,
  };
}

/** Medians of runs that take turns, each candidate's ratio being ours to it. */
export async function throughput(parent: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name: size, bytes } of sizes) {
    const results = new Map<Candidate, Run[]>(candidates.map((candidate) => [candidate, []]));
    for (let round = 0; round < runs; round++) {
      for (const [candidate, own] of results) own.push(await run(candidate, parent, bytes));
    }
    const speed = (own: readonly Run[]) => median(own.map(({ megabytesPerSecond }) => megabytesPerSecond));
    const [ours = []] = [...results.values()];
    for (const [{ name }, own] of results) {
      const figures = {
        "MB/s synced": speed(own),
        "p99 ms": median(own.map(({ p99Ms }) => p99Ms)),
        "loop delay p99 ms": median(own.map(({ loopDelayMs }) => loopDelayMs)),
      };
      rows.push({ name: `${size}: ${name}`, figures, ...(own === ours ? {} : { ratio: speed(ours) / speed(own) }) });
    }
  }
  return rows;
}
