import { median, type Row } from "../harness/results.ts";

/** One line of the benchmark of the processors, measured in a process of its own. */
export interface Task {
  readonly name: string;
  measure(): Promise<Row>;
}

/** One run over some items. */
export interface Work {
  /** Log records, spans or data points that one run handles. */
  readonly records: number;
  run(): Promise<void> | void;
}

/** Before anything is timed: so long the compiler has to see the work that is asked of it. */
const warmUpMs = 1000;
const samples = 101;
/** Of CPU time, whose clock ticks in microseconds. */
const sampleMs = 10;
const countedRuns = 31;

const alive = new WeakSet<object>();

/**
 * How long a record takes and how much is allocated for it. Times are CPU time of the whole process, collecting
 * garbage included. Other processes lengthen it only by what they take of caches and of the core's other thread: that
 * shows in how far the quartiles of the samples lie apart, and hardly in the fastest sample.
 */
export function timed(name: string, prepare: () => Promise<Work> | Work): Task {
  return {
    name,
    measure: async () => {
      const work = await prepare();
      await sample(work, warmUpMs);
      const nanoseconds: number[] = [];
      for (let at = 0; at < samples; at++) nanoseconds.push(((await sample(work, sampleMs)) * 1e6) / work.records);
      const bytes: number[] = [];
      for (let at = 0; at < countedRuns; at++) bytes.push(await allocated(work));
      const middle = median(nanoseconds);
      const [lower, upper] = quartiles(nanoseconds);
      return {
        name,
        figures: {
          "CPU ns/record": middle,
          fastest: Math.min(...nanoseconds),
          "quartiles ±%": ((upper - lower) / 2 / middle) * 100,
          "bytes allocated/record": median(bytes),
        },
      };
    },
  };
}

/** What is held after so many keys were met; `load` answers with whatever holds them. */
export function held(name: string, keys: number, load: (keys: number) => Promise<object>): Task {
  const full = `${name}: ${keys.toLocaleString("en")} keys`;
  return {
    name: full,
    measure: async () => {
      // What is compiled and made once stays: a load that is thrown away pays for it.
      await load(1000);
      const before = used();
      const loaded = await load(keys);
      const megabytes = (used() - before) / 1e6;
      // Used after the measurement, so that it is alive during it.
      alive.add(loaded);
      return { name: full, figures: { "MB held": megabytes } };
    },
  };
}

/** Milliseconds of CPU time of one run, the mean of as many as `ms` have room for. */
async function sample(work: Work, ms: number): Promise<number> {
  const start = process.cpuUsage();
  let elapsed = 0;
  let runs = 0;
  do {
    await work.run();
    runs++;
    const { user, system } = process.cpuUsage(start);
    elapsed = (user + system) / 1000;
  } while (elapsed < ms);
  return elapsed / runs;
}

/**
 * Bytes for each record of one run: less than nothing where a collection falls into it, which is seldom. None is asked
 * for before: it would throw away what the compiler has learnt, and what that takes anew would count.
 */
async function allocated(work: Work): Promise<number> {
  const before = process.memoryUsage().heapUsed;
  await work.run();
  return (process.memoryUsage().heapUsed - before) / work.records;
}

function quartiles(values: readonly number[]): readonly [lower: number, upper: number] {
  const middle = median(values);
  return [median(values.filter((value) => value <= middle)), median(values.filter((value) => value >= middle))];
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
