import {
  type AnyValue,
  type Batch,
  decodeMetrics,
  logsBuilder,
  type MetricsBuilder,
  metricsBuilder,
  tracesBuilder,
} from "@dbintel/pdata";
import { describe, expect, test } from "vitest";
import { type Breach, breachCodes, Contract, documentedLimits } from "./index.ts";

const now = 1_800_000_000_000_000_000n;
const hour = 3_600_000_000_000n;
const scope = { name: "test" };

function check(batch: Batch, options: Partial<ConstructorParameters<typeof Contract>[0]> = {}): readonly Breach[] {
  const breaches: Breach[] = [];
  new Contract({ fix: true, ...options, onBreach: (breach) => breaches.push(breach) }).check(batch, now);
  return breaches;
}

function log(attributes: Readonly<Record<string, AnyValue>>, timeUnixNano = now, resource = {}) {
  return logsBuilder().resource({ attributes: resource }).scope(scope).record({ timeUnixNano, attributes }).build();
}

function gauge(attributes: Readonly<Record<string, AnyValue>>, value: number | bigint = 1n, name = "m") {
  return metrics((builder) => builder.gauge({ name }, [{ timeUnixNano: now, value, attributes }]));
}

function metrics(add: (builder: MetricsBuilder) => MetricsBuilder) {
  return add(metricsBuilder().resource({ attributes: {} }).scope(scope)).build();
}

/** The attributes of the first record. */
function attributesOf(batch: ReturnType<typeof log> | ReturnType<typeof gauge>): ReadonlyMap<string, AnyValue> {
  const items = batch.signal === "logs" ? batch.records() : batch.points();
  for (const { attributes } of items) return new Map(attributes.entries());
  return new Map();
}

describe("attributes", () => {
  test("a text is cut at 4,095, never within a character", () => {
    const logs = log({ text: "😀".repeat(2100), short: "x".repeat(4095) });
    expect(check(logs)).toEqual([
      { code: "attribute_too_long", action: "repaired", signal: "logs", attribute: "text" },
    ]);
    const text = String(attributesOf(logs).get("text"));
    expect(text).toMatch(/^(😀)+\.\.\.\[truncated\]$/u);
    expect(text).toHaveLength(4094);
    expect(attributesOf(logs).get("short")).toHaveLength(4095);
  });

  test("characters are counted, not their bytes", () => {
    expect(check(log({ text: "ä".repeat(4095) }))).toEqual([]);
  });

  test("a name is cut, and the value stays", () => {
    const logs = log({ ["n".repeat(256)]: 7n });
    expect(check(logs).map(({ code }) => code)).toEqual(["attribute_name_too_long"]);
    expect([...attributesOf(logs)]).toEqual([[`${"n".repeat(241)}...[truncated]`, 7n]]);
  });

  test("maps and mixed lists become JSON, long lists are cut", () => {
    const map = new Map<string, AnyValue>([
      ["n", 1n],
      ["big", 2n ** 60n],
      ["bytes", Uint8Array.of(1, 2)],
      ["list", [true, null]],
    ]);
    const logs = log({ map, mixed: [1n, "a"], long: new Array(65).fill("x"), well: new Array(64).fill(1.5) });
    expect(check(logs).map(({ code, attribute }) => [attribute, code])).toEqual([
      ["map", "attribute_map"],
      ["mixed", "attribute_array_mixed"],
      ["long", "attribute_array_too_long"],
    ]);
    const mended = attributesOf(logs);
    expect(mended.get("map")).toBe('{"n":1,"big":"1152921504606846976","bytes":"AQI=","list":[true,null]}');
    expect(mended.get("mixed")).toBe('[1,"a"]');
    expect(mended.get("long")).toEqual(new Array(64).fill("x"));
    expect(mended.get("well")).toHaveLength(64);
  });

  test("those of resource, scope, span events and links are held to the same", () => {
    const long = { long: "x".repeat(5000) };
    const traces = tracesBuilder()
      .resource({ attributes: long })
      .scope({ name: "test", attributes: long })
      .span({
        traceId: "1".repeat(32),
        spanId: "1".repeat(16),
        name: "SELECT",
        startTimeUnixNano: now,
        endTimeUnixNano: now,
        attributes: long,
        events: [{ timeUnixNano: now, name: "exception", attributes: long }],
        links: [{ traceId: "2".repeat(32), spanId: "2".repeat(16), attributes: long }],
      })
      .build();
    expect(check(traces).map(({ code }) => code)).toEqual(new Array(5).fill("attribute_too_long"));
    expect(check(traces)).toEqual([]);
  });

  test("above the limit the last go, those to be kept excepted; resource and scope count", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, 1n]));
    const points = metricsBuilder()
      .resource({ attributes: { "service.instance.id": "x" } })
      .scope(scope)
      .gauge({ name: "m" }, [{ timeUnixNano: now, value: 1n, attributes: { ...many, last: 1n } }])
      .build();
    expect(check(points, { keep: ["last"] })).toEqual([
      { code: "too_many_attributes", action: "repaired", signal: "metrics", metric: "m" },
    ]);
    const names = [...attributesOf(points).keys()];
    expect(names).toHaveLength(99);
    expect(names.slice(-2)).toEqual(["a97", "last"]);
  });

  test("names that mean something else on a metric are changed", () => {
    const points = gauge({ timestamp: 1n, m: "value", fine: "y" });
    expect(check(points).map(({ code, attribute }) => [code, attribute])).toEqual([
      ["attribute_reserved", "timestamp"],
      ["attribute_named_like_metric", "m"],
    ]);
    expect(new Set(attributesOf(points).keys())).toEqual(new Set(["original.timestamp", "original.m", "fine"]));
    expect(check(log({ timestamp: 1n }))).toEqual([]);
  });

  test("an entity is asked for where that is wanted", () => {
    const entity = ["service.name", "service.instance.id"];
    expect(check(log({}), { entity })).toEqual([{ code: "missing_attribute", action: "reported", signal: "logs" }]);
    expect(check(log({}, now, { "service.instance.id": "db:5432" }), { entity })).toEqual([]);
  });
});

describe("items", () => {
  test.each([
    ["too old", now - 48n * hour - 1n, ["timestamp_too_old"]],
    ["of two days ago", now - 48n * hour, []],
    ["without a time", 0n, []],
  ])("a record %s", (_name, time, codes) => {
    const logs = log({}, time);
    expect(check(logs).map(({ code }) => code)).toEqual(codes);
    expect(logs.count).toBe(codes.length === 0 ? 1 : 0);
  });

  test("points of the future are dropped, records of the future go on", () => {
    const future = now + 24n * hour + 1n;
    const points = metrics((builder) => builder.gauge({ name: "m" }, [{ timeUnixNano: future, value: 1n }]));
    expect(check(points)).toMatchObject([{ code: "timestamp_in_future", action: "dropped" }]);
    expect([...points.dropped]).toEqual([["timestamp_in_future", 1]]);
    const logs = log({}, future);
    expect(check(logs)).toMatchObject([{ code: "timestamp_in_future", action: "reported" }]);
    expect(logs.count).toBe(1);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("a value of %s is dropped", (value) => {
    const points = gauge({}, value);
    expect(check(points)).toMatchObject([{ code: "value_not_finite", action: "dropped", metric: "m" }]);
    expect(points.count).toBe(0);
  });

  test("one that is larger than a request can be is left to the exporter", () => {
    const logs = log({}, now);
    for (const record of logs.records()) record.body = "x".repeat(1_000_000);
    expect(check(logs)).toMatchObject([{ code: "item_too_large", action: "reported" }]);
    expect(logs.count).toBe(1);
  });
});

describe("metrics", () => {
  test("a name is cut and ends in its hash, so that two stay two", () => {
    const [first, second] = ["a", "b"].map((end) => gauge({}, 1n, `${"n".repeat(300)}${end}`));
    const names = [first, second].map((batch) => {
      expect(check(batch as Batch)).toMatchObject([{ code: "metric_name_too_long", action: "repaired" }]);
      for (const { name } of decodeMetrics((batch as Batch).encode()).metrics()) return name;
      return "";
    });
    expect(names.map((name) => name.length)).toEqual([255, 255]);
    expect(new Set(names).size).toBe(2);
  });

  describe("deltas that can fall", () => {
    const at = (second: bigint) => now - hour + second * 1_000_000_000n;
    const falling = (
      points: readonly (readonly [second: bigint, value: bigint | number, user?: string])[],
      name = "m",
    ) =>
      metrics((builder) =>
        builder.sum(
          { name, monotonic: false, temporality: "delta" },
          points.map(([second, value, user = "a"]) => {
            return { startTimeUnixNano: at(second - 10n), timeUnixNano: at(second), value, attributes: { user } };
          }),
        ),
      );
    const levels = (batch: Batch) =>
      batch.signal !== "metrics"
        ? []
        : Array.from(decodeMetrics(batch.encode()).points(), ({ metric, value, startTimeUnixNano }) => {
            expect(metric.temporality).toBe("cumulative");
            return [value, (startTimeUnixNano - at(0n)) / 1_000_000_000n];
          });
    const contract = (breaches: Breach[] = []) =>
      new Contract({ fix: true, onBreach: (breach) => breaches.push(breach) });

    test("become the level that they lead to, for each series", () => {
      const breaches: Breach[] = [];
      const one = contract(breaches);
      const first = falling([
        [10n, 5n],
        [10n, 1.5, "b"],
      ]);
      one.check(first, now);
      const second = falling([
        [20n, -2n],
        [20n, -0.5, "b"],
        [20n, 7n, "c"],
      ]);
      one.check(second, now);
      expect([levels(first), levels(second)]).toEqual([
        [
          [5n, 0n],
          [1.5, 0n],
        ],
        [
          [3n, 0n],
          [1, 0n],
          [7n, 10n],
        ],
      ]);
      expect(breaches).toEqual(
        new Array(2).fill({ code: "delta_not_monotonic", action: "repaired", signal: "metrics", metric: "m" }),
      );
      expect(first.dropped.size).toBe(0);
    });

    test("count once when they are sent again, and not at all behind later ones", () => {
      const one = contract();
      const send = (...args: Parameters<typeof falling>) => {
        const batch = falling(...args);
        one.check(batch, now);
        return [levels(batch), Object.fromEntries(batch.dropped)];
      };
      expect(send([[10n, 5n]])).toEqual([[[5n, 0n]], {}]);
      expect(send([[20n, -2n]])).toEqual([[[3n, 0n]], {}]);
      expect(send([[20n, -2n]])).toEqual([[[3n, 0n]], {}]);
      expect(send([[10n, 5n]])).toEqual([[], { delta_not_monotonic: 1 }]);
      expect(send([[30n, 1n]])).toEqual([[[4n, 0n]], {}]);
    });

    test("begin anew after an hour of silence, and when too many others came since", () => {
      const one = contract();
      const level = (batch: Batch, time = now) => {
        one.check(batch, time);
        return levels(batch)[0]?.[0];
      };
      expect(level(falling([[10n, 5n]]))).toBe(5n);
      expect(level(falling([[20n, 5n]]), now + hour)).toBe(10n);
      expect(level(falling([[30n, 5n]]), now + 2n * hour + 1n)).toBe(5n);
      one.check(
        falling(Array.from({ length: 10_001 }, (_, index) => [40n, 1n, `user ${index}`] as const)),
        now + 2n * hour,
      );
      expect(level(falling([[50n, 5n]]), now + 2n * hour)).toBe(5n);
    });

    test("may grow beyond 64 bits, as doubles", () => {
      const one = contract();
      one.check(falling([[10n, 2n ** 63n - 1n]]), now);
      const batch = falling([[20n, 1n]]);
      one.check(batch, now);
      expect(levels(batch)).toEqual([[2 ** 63, 0n]]);
    });

    test("leave other sums alone", () => {
      const sums = metrics((builder) =>
        builder
          .sum({ name: "rises", monotonic: true, temporality: "delta" }, [{ timeUnixNano: now, value: 1n }])
          .sum({ name: "level", monotonic: false, temporality: "cumulative" }, [{ timeUnixNano: now, value: 1n }]),
      );
      expect(check(sums)).toEqual([]);
      expect(sums.edited).toBe(false);
    });
  });

  test("without a name they are dropped", () => {
    expect(check(gauge({}, 1n, ""))).toMatchObject([{ code: "metric_name_empty", action: "dropped" }]);
  });
});

test("what is well is neither changed nor told of", () => {
  const batch = gauge({ "db.namespace": "shop", state: "active" });
  const bytes = batch.encode();
  expect(check(batch)).toEqual([]);
  expect(batch.edited).toBe(false);
  expect(batch.encode()).toBe(bytes);
});

test("without `fix` everything is told of and nothing is changed", () => {
  const batch = metrics((builder) =>
    builder
      .gauge({ name: "m" }, [
        { timeUnixNano: now - 49n * hour, value: Number.NaN },
        {
          timeUnixNano: now,
          value: 1n,
          attributes: { m: ["a", 1n], ["n".repeat(256)]: "x".repeat(4096), timestamp: 1n },
        },
      ])
      .sum({ name: "x".repeat(256), monotonic: false, temporality: "delta" }, [{ timeUnixNano: now, value: 1n }]),
  );
  const found = check(batch, {
    fix: false,
    limits: { ...documentedLimits, attributes: { metrics: 2, logs: 2, traces: 2 } },
  });
  expect(batch.edited).toBe(false);
  expect(new Set(found.map(({ action }) => action))).toEqual(new Set(["reported"]));
  expect(new Set(found.map(({ code }) => code))).toEqual(
    new Set([
      "timestamp_too_old",
      "value_not_finite",
      "attribute_array_mixed",
      "attribute_name_too_long",
      "attribute_too_long",
      "attribute_reserved",
      "attribute_named_like_metric",
      "too_many_attributes",
      "metric_name_too_long",
      "delta_not_monotonic",
    ]),
  );
  for (const { code } of found) expect(breachCodes).toContain(code);
});
