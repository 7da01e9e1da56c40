import { median, type Row, report } from "../harness/results.ts";
import type { Contender } from "./contender.ts";
import type { LoadReport } from "./load.ts";

/** What one load cost one collector. */
export interface Measurement extends LoadReport {
  /** Records that have to reach the sink. */
  readonly expected: number;
  /** Records that reached the sink. */
  readonly arrived: number;
  readonly cpuSeconds: number;
  /** Resident memory of the collector, one reading each quarter of a second. */
  readonly residentMib: readonly number[];
  /** From the moment before a record was sent to its arrival at the sink; NaN in the closed loop, which carries no times. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One load on one start of one collector. */
export interface Turn {
  readonly contestant: string;
  readonly load: string;
  readonly measurement: Measurement;
}

/** Prints medians over the rounds, and fails the process when a run delivered more or less than it had to. */
export function reportTurns(name: string, turns: readonly Turn[], contenders: readonly Contender[]): void {
  const versions = Object.fromEntries(contenders.map((contender) => [contender.name, contender.version]));
  report(name, rowsOf(turns), versions);
  const unequal = turns.filter(({ measurement: { arrived, expected } }) => arrived !== expected);
  if (unequal.length === 0) return;
  console.error(`${unequal.length} runs delivered more or less than they accepted`);
  process.exitCode = 1;
}

/** The ratio is of records per CPU-second, ours to the first peer's. */
function rowsOf(turns: readonly Turn[]): Row[] {
  return Map.groupBy(turns, ({ load }) => load)
    .entries()
    .flatMap(([load, own]) => {
      const figures = Map.groupBy(own, ({ contestant }) => contestant)
        .entries()
        .map(([contestant, those]) => ({
          contestant,
          figures: figuresOf(those.map(({ measurement }) => measurement)),
        }))
        .toArray();
      const isOurs = ({ contestant }: { readonly contestant: string }) => contestant.startsWith("dbintel");
      const peer = figures.find((entry) => !isOurs(entry))?.figures[efficiency];
      return figures.map((entry) => {
        const row = { name: `${entry.contestant}, ${load}`, figures: entry.figures };
        return isOurs(entry) && peer !== undefined ? { ...row, ratio: entry.figures[efficiency] / peer } : row;
      });
    })
    .toArray();
}

const efficiency = "records/CPU-s";

function figuresOf(measurements: readonly Measurement[]) {
  const over = (read: (measurement: Measurement) => number) => median(measurements.map(read));
  const latencies = {
    "p50 ms": over(({ p50Ms }) => p50Ms),
    "p99 ms": over(({ p99Ms }) => p99Ms),
  };
  return {
    "records/s": over(({ accepted, seconds }) => accepted / seconds),
    [efficiency]: over(({ accepted, cpuSeconds }) => accepted / cpuSeconds),
    "CPU µs/record": over(({ accepted, cpuSeconds }) => (cpuSeconds * 1e6) / accepted),
    "RSS MiB": over(({ residentMib }) => median(residentMib)),
    "peak RSS MiB": over(({ residentMib }) => Math.max(...residentMib)),
    ...(Number.isNaN(latencies["p50 ms"]) ? {} : latencies),
    "requests refused": over(refused),
    "records lost": over(({ expected, arrived }) => expected - arrived),
  };
}

function refused({ answers }: LoadReport): number {
  return Object.entries(answers).reduce((sum, [answer, times]) => sum + (answer === "200" ? 0 : times), 0);
}
