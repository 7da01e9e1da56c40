/**
 * A stream of statements as a busy database runs them: a few keys have most of the records (Zipf), each key has
 * log-normal durations of its own, one record in a thousand is an error. It bursts to ten times its rate, falls almost
 * silent, and one key turns up once a minute throughout. The same seed makes the same stream.
 */
import type { Random } from "@dbintel/pipeline";

export interface StreamRecord {
  /** Its key's place by frequency, from 0; the key that appears once a minute is the last. */
  readonly key: number;
  readonly durationMs: number;
  readonly error: boolean;
  /** Longer than 99 % of what its key's distribution gives. */
  readonly slow: boolean;
}

/** What arrived together at one time. */
export interface Arrival {
  readonly atMs: number;
  readonly records: readonly StreamRecord[];
}

interface Phase {
  readonly seconds: number;
  readonly recordsPerSecond: number;
}

export const phases: Readonly<Record<"steady" | "burst" | "after" | "quiet" | "again", Phase>> = {
  steady: { seconds: 300, recordsPerSecond: 1000 },
  burst: { seconds: 60, recordsPerSecond: 10_000 },
  after: { seconds: 120, recordsPerSecond: 1000 },
  quiet: { seconds: 120, recordsPerSecond: 20 },
  again: { seconds: 180, recordsPerSecond: 1000 },
};

/** Keys drawn by frequency, and the one that appears once a minute. */
export const keyCount = 501;
const minuteKey = keyCount - 1;
const zipfExponent = 1.1;
const errorShare = 0.001;
const arrivalMs = 200;
/** Standard deviation of the logarithm of a key's durations. */
const sigma = 1;
/** The 99th percentile of the standard normal distribution. */
const normalP99 = 2.3263;

export function* stream(random: Random): Generator<Arrival> {
  const frequencies = cumulativeZipf();
  // Medians from a tenth of a millisecond to seconds, most around 3 ms: their logarithm is normal as well.
  const medians = Array.from({ length: keyCount }, () => 3 * Math.exp(1.5 * normal(random)));
  let atMs = 0;
  for (const { seconds, recordsPerSecond } of Object.values(phases)) {
    for (const untilMs = atMs + seconds * 1000; atMs < untilMs; atMs += arrivalMs) {
      // The fraction by chance, so that a rate below one record per arrival is met too.
      const count = Math.floor((recordsPerSecond * arrivalMs) / 1000 + random.next());
      const records = Array.from({ length: count }, () => record(search(frequencies, random.next())));
      if (atMs % 60_000 === 0) records.push(record(minuteKey));
      yield { atMs, records };
    }
  }

  function record(key: number): StreamRecord {
    const deviation = normal(random);
    return {
      key,
      durationMs: (medians[key] ?? 1) * Math.exp(sigma * deviation),
      error: random.next() < errorShare,
      slow: deviation > normalP99,
    };
  }
}

function cumulativeZipf(): Float64Array {
  const weights = Float64Array.from({ length: keyCount - 1 }, (_, rank) => (rank + 1) ** -zipfExponent);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let below = 0;
  return weights.map((weight) => {
    below += weight / total;
    return below;
  });
}

/** The first place whose cumulative frequency is above `value`. */
function search(cumulative: Float64Array, value: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 1) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A standard normal number (Box and Muller, Annals of Mathematical Statistics 29, 1958). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
