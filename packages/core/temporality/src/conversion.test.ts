import { decodeJson, type Metrics, metricsBuilder } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { CumulativeToDelta, type CumulativeToDeltaOptions } from "./cumulative-to-delta.ts";
import { DeltaToCumulative } from "./delta-to-cumulative.ts";

const second = 1_000_000_000n;
/** When the processor was started. */
const started = 1_000n * second;
const memory = { maxSeries: 100, maxSilenceMs: 60_000 };

interface PointInit {
  readonly value: bigint | number;
  /** Seconds since the start of the processor. */
  readonly at: number;
  readonly since?: number;
  readonly who?: string;
}

const instant = (seconds: number) => started + BigInt(seconds) * second;

function sums(
  init: { readonly temporality: "cumulative" | "delta"; readonly monotonic?: boolean },
  points: PointInit[],
) {
  return metricsBuilder()
    .resource({ attributes: { "service.name": "shop" } })
    .scope({ name: "test" })
    .sum(
      { name: "calls", monotonic: init.monotonic ?? true, temporality: init.temporality },
      points.map(({ value, at, since = 0, who = "a" }) => ({
        value,
        startTimeUnixNano: instant(since),
        timeUnixNano: instant(at),
        attributes: { who },
      })),
    )
    .build();
}

/** `value start-time` in seconds of each point. */
function told(metrics: Metrics): readonly string[] {
  return Array.from(
    metrics.points(),
    ({ value, startTimeUnixNano, timeUnixNano }) =>
      `${value} ${(startTimeUnixNano - started) / second}-${(timeUnixNano - started) / second}`,
  );
}

function toDelta(options: Partial<CumulativeToDeltaOptions> = {}) {
  const converting = new CumulativeToDelta({ ...memory, initialValue: "auto", startedUnixNano: started, ...options });
  const convert = (...points: PointInit[]) => {
    const batch = sums({ temporality: "cumulative" }, points);
    converting.convert(batch, instant(Math.max(...points.map(({ at }) => at))));
    return { points: told(batch), dropped: Object.fromEntries(batch.dropped) };
  };
  return { converting, convert };
}

describe("totals into changes", () => {
  it("takes the first total for a change when the series has begun since the start", () => {
    const { convert } = toDelta();
    expect(convert({ value: 5n, at: 10 }).points).toEqual(["5 0-10"]);
    expect(convert({ value: 7n, at: 20 }).points).toEqual(["2 10-20"]);
    expect(convert({ value: 7n, at: 30 }).points).toEqual(["0 20-30"]);
  });

  it("takes the first total of an older series for the baseline", () => {
    const { convert } = toDelta();
    expect(convert({ value: 5_000n, at: 10, since: -500 })).toEqual({ points: [], dropped: { baseline: 1 } });
    expect(convert({ value: 5_002n, at: 20, since: -500 }).points).toEqual(["2 10-20"]);
  });

  it.each([
    ["keep", ["5 -500-10"]],
    ["drop", []],
  ] as const)("obeys initial_value %s", (initialValue, points) => {
    expect(toDelta({ initialValue }).convert({ value: 5n, at: 10, since: -500 }).points).toEqual(points);
  });

  it("counts all since a reset, whether the start tells of it or the value", () => {
    const { convert } = toDelta();
    convert({ value: 50n, at: 10 });
    expect(convert({ value: 60n, at: 30, since: 20 }).points).toEqual(["60 20-30"]);
    expect(convert({ value: 3n, at: 40, since: 20 }).points).toEqual(["3 30-40"]);
  });

  it("drops what comes twice or late", () => {
    const { convert } = toDelta();
    convert({ value: 5n, at: 10 });
    expect(convert({ value: 5n, at: 10 }).dropped).toEqual({ out_of_order: 1 });
    expect(convert({ value: 4n, at: 9 }).dropped).toEqual({ out_of_order: 1 });
    expect(convert({ value: 6n, at: 11 }).points).toEqual(["1 10-11"]);
  });

  it("keeps series apart, and converts several points of one series in a batch", () => {
    const { convert } = toDelta();
    expect(convert({ value: 1n, at: 1 }, { value: 10, at: 1, who: "b" }, { value: 3n, at: 2 }).points).toEqual([
      "1 0-1",
      "10 0-1",
      "2 1-2",
    ]);
    expect(convert({ value: 10.5, at: 2, who: "b" }).points).toEqual(["0.5 1-2"]);
  });

  it("does not take a series that it had forgotten for a new one", () => {
    const { convert, converting } = toDelta({ maxSeries: 2 });
    convert({ value: 1n, at: 1, who: "a" });
    convert({ value: 1n, at: 2, who: "b" });
    convert({ value: 1n, at: 3, who: "c", since: 2 });
    expect(converting.size).toBe(2);
    // Its total of 9 holds the 1 that was passed on.
    expect(convert({ value: 9n, at: 4, who: "a" }).dropped).toEqual({ baseline: 1 });
    expect(convert({ value: 10n, at: 5, who: "a" }).points).toEqual(["1 4-5"]);
    // After a silence that is too long as well.
    expect(convert({ value: 12n, at: 66, who: "a" }).dropped).toEqual({ baseline: 1 });
  });

  it("leaves levels, gauges and changes as they are", () => {
    const converting = new CumulativeToDelta({ ...memory, initialValue: "auto", startedUnixNano: started });
    for (const init of [{ temporality: "cumulative", monotonic: false }, { temporality: "delta" }] as const) {
      const batch = sums(init, [{ value: 5n, at: 1 }]);
      const before = batch.encode();
      converting.convert(batch, instant(1));
      expect(batch.encode()).toBe(before);
    }
  });

  it("converts a batch in the same way when it was refused and comes again", () => {
    const converting = new CumulativeToDelta({ ...memory, initialValue: "auto", startedUnixNano: started });
    const batchOf = (value: bigint, at: number) => sums({ temporality: "cumulative" }, [{ value, at }]);
    converting.convert(batchOf(5n, 10), instant(10));
    for (let attempt = 0; attempt < 3; attempt++) {
      const batch = batchOf(8n, 20);
      const undo = converting.convert(batch, instant(20));
      expect(told(batch)).toEqual(["3 10-20"]);
      undo();
    }
  });

  it("does not undo what a later batch has told", () => {
    const converting = new CumulativeToDelta({ ...memory, initialValue: "auto", startedUnixNano: started });
    const convert = (value: bigint, at: number) => {
      const batch = sums({ temporality: "cumulative" }, [{ value, at }]);
      return { undo: converting.convert(batch, instant(at)), batch };
    };
    const { undo } = convert(5n, 10);
    convert(8n, 20);
    undo();
    expect(told(convert(9n, 30).batch)).toEqual(["1 20-30"]);
  });
});

describe("changes into totals", () => {
  it("adds them up from the first one on", () => {
    const converting = new DeltaToCumulative(memory);
    const convert = (...points: PointInit[]) => {
      const batch = sums({ temporality: "delta" }, points);
      converting.convert(batch, instant(points[0]?.at ?? 0));
      return { points: told(batch), dropped: Object.fromEntries(batch.dropped) };
    };
    expect(convert({ value: 5n, at: 10 }).points).toEqual(["5 0-10"]);
    expect(convert({ value: 2n, at: 20, since: 10 }).points).toEqual(["7 0-20"]);
    expect(convert({ value: 2n, at: 20, since: 10 }).dropped).toEqual({ out_of_order: 1 });
    expect(convert({ value: 0.5, at: 30, since: 20 }).points).toEqual(["7.5 0-30"]);
    expect(convert({ value: 1n, at: 200, since: 190 }).points).toEqual(["1 190-200"]);
  });
});

describe("histograms with bounds", () => {
  const histogramOf = (temporality: 1 | 2, at: number, bucketCounts: readonly number[], bounds = [1, 2]): Metrics => {
    const point = {
      ...{ startTimeUnixNano: String(started), timeUnixNano: String(instant(at)) },
      ...{ count: bucketCounts.reduce((total, count) => total + count, 0), sum: bucketCounts.length * at },
      ...{ min: 0, max: 9, bucketCounts, explicitBounds: bounds },
    };
    const metric = { name: "latency", histogram: { aggregationTemporality: temporality, dataPoints: [point] } };
    return decodeJson(
      "metrics",
      Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] })),
    );
  };
  const only = (metrics: Metrics) => Array.from(metrics.points(), ({ distribution }) => distribution)[0];

  it("takes the difference of each bucket, and of the whole", () => {
    const converting = new CumulativeToDelta({ ...memory, initialValue: "auto", startedUnixNano: started });
    converting.convert(histogramOf(2, 10, [1, 2, 3]), instant(10));
    const batch = histogramOf(2, 20, [1, 4, 4]);
    converting.convert(batch, instant(20));
    expect(only(batch)).toMatchObject({
      count: 3n,
      sum: 30,
      min: undefined,
      max: undefined,
      bucketCounts: [0n, 2n, 1n],
    });
    const reset = histogramOf(2, 30, [0, 9, 9]);
    converting.convert(reset, instant(30));
    expect(only(reset)).toMatchObject({ count: 18n, bucketCounts: [0n, 9n, 9n] });
  });

  it("adds them up, and begins anew with other bounds", () => {
    const converting = new DeltaToCumulative(memory);
    converting.convert(histogramOf(1, 10, [1, 2, 3]), instant(10));
    const batch = histogramOf(1, 20, [1, 0, 4]);
    converting.convert(batch, instant(20));
    expect(only(batch)).toMatchObject({ count: 11n, sum: 90, min: 0, max: 9, bucketCounts: [2n, 2n, 7n] });
    const other = histogramOf(1, 30, [1, 0, 4], [1, 3]);
    converting.convert(other, instant(30));
    expect(only(other)).toMatchObject({ count: 5n, bucketCounts: [1n, 0n, 4n] });
  });
});
