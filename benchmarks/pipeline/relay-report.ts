import { median, type Row } from "../harness/results.ts";
import type { LoadReport } from "./load.ts";

/** What one load cost one collector. */
export interface Measurement extends LoadReport {
  /** Records that reached the sink. */
  readonly arrived: number;
  readonly cpuSeconds: number;
  /** Resident memory of the collector, one reading each quarter of a second. */
  readonly residentMib: readonly number[];
  /** From the moment before a record was sent to its arrival at the sink; NaN in the closed loop, which carries no times. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One start of one collector. */
export interface Turn {
  readonly contender: string;
  readonly steady: Measurement;
  readonly closed: Measurement;
}

/** Medians over the rounds; the ratio is of records per CPU-second, ours to the peer's. */
export function rowsOf(turns: readonly Turn[], contenders: readonly string[]): Row[] {
  return (["steady", "closed"] as const).flatMap((mode) => {
    const rows = contenders.map((name) => ({
      name: `${name}, ${mode === "steady" ? "steady" : "closed loop"}`,
      figures: figuresOf(turns.filter(({ contender }) => contender === name).map((turn) => turn[mode])),
    }));
    const [ours, peer] = rows.map(({ figures }) => figures["records/CPU-s"]);
    return rows.map((row, index) =>
      index === 0 && ours !== undefined && peer !== undefined ? { ...row, ratio: ours / peer } : row,
    );
  });
}

function figuresOf(measurements: readonly Measurement[]): Row["figures"] {
  const over = (read: (measurement: Measurement) => number) => median(measurements.map(read));
  const latencies = {
    "p50 ms": over(({ p50Ms }) => p50Ms),
    "p99 ms": over(({ p99Ms }) => p99Ms),
  };
  return {
    "records/s": over(({ accepted, seconds }) => accepted / seconds),
    "records/CPU-s": over(({ accepted, cpuSeconds }) => accepted / cpuSeconds),
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
