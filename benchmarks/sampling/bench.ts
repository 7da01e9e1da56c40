/**
 * adaptive_sampler beside EMAThroughput sampling on the same stream: how well each meets the goal, how far the sums
 * estimated from what it kept are from the truth, and what it loses. The stream is always the same; each sampler goes
 * over it five times, with other random numbers, and a figure is the mean. Nothing depends on the machine. Ratios are
 * the peer's error to ours.
 *
 *   npm run bench -- sampling
 */
import { seededRandom } from "@dbintel/pipeline/testing";
import { type Row, report } from "../harness/results.ts";
import { EmaThroughput } from "./ema-throughput.ts";
import { keptRow, Measures } from "./measures.ts";
import { Ours } from "./ours.ts";
import { stream } from "./stream.ts";
import { goalPerSecond, type StreamSampler } from "./stream-sampler.ts";

const streamSeed = 1;
const samplerSeeds = [101, 102, 103, 104, 105];

const ours = "adaptive_sampler";
const peer = "EMAThroughput";
const samplers: Readonly<Record<string, (seed: number) => StreamSampler>> = {
  [ours]: (seed) => new Ours({ goalPerSecond, random: seededRandom(seed) }),
  [peer]: (seed) => emaThroughput(seed, false),
  [`${peer}, whole rates`]: (seed) => emaThroughput(seed, true),
};

function emaThroughput(seed: number, wholeRates: boolean): StreamSampler {
  return new EmaThroughput({ goalThroughputPerSec: goalPerSecond, random: seededRandom(seed), wholeRates });
}

function measure(sampler: StreamSampler): ReadonlyMap<string, number> {
  const measures = new Measures(goalPerSecond);
  for (const arrival of stream(seededRandom(streamSeed))) measures.add(arrival, sampler.offer(arrival));
  return measures.figures();
}

const table = new Map<string, Record<string, number>>();
for (const [sampler, create] of Object.entries(samplers)) {
  for (const seed of samplerSeeds) {
    for (const [name, value] of measure(create(seed))) {
      const figures = table.get(name) ?? {};
      figures[sampler] = (figures[sampler] ?? 0) + value / samplerSeeds.length;
      table.set(name, figures);
    }
  }
}

const rows = Array.from(table, ([name, figures]): Row => {
  const { [ours]: mine = 0, [peer]: theirs = 0 } = figures;
  // How many are kept is no error, and an error of 0 has no ratio.
  return name !== keptRow && mine > 0 ? { name, figures, ratio: theirs / mine } : { name, figures };
});
report("sampling", rows);
