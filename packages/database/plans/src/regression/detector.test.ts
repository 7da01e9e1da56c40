import type { WaitCategory } from "@dbintel/waits";
import { describe, expect, it } from "vitest";
import { type DetectorSnapshot, RegressionDetector } from "./detector.ts";
import type { Observation, RegressionEvent } from "./events.ts";

const usual: Observation = {
  query: "q",
  plan: "index",
  calls: 100,
  meanMs: 10,
  standardDeviationMs: 3,
  rowsPerCall: 20,
  blocksReadPerCall: 4,
};

/** Observes the same in so many windows of a minute; the means vary by a few per cent, as means do. */
function run(detector: RegressionDetector, windows: number, observation: Partial<Observation> = {}): RegressionEvent[] {
  return Array.from({ length: windows }, (_, window) => {
    const meanMs = (observation.meanMs ?? usual.meanMs) * (1 + ((window % 5) - 2) / 50);
    detector.observe({ ...usual, ...observation, meanMs });
    return detector.endWindow({ seconds: 60, endMs: 0 });
  }).flat();
}

function learned(): RegressionDetector {
  const detector = new RegressionDetector();
  expect(run(detector, 30)).toEqual([]);
  return detector;
}

describe("RegressionDetector", () => {
  it("tells of another plan, of the regression that it brings, and of the recovery", () => {
    const detector = learned();
    expect(run(detector, 1, { plan: "scan", meanMs: 40 })).toEqual([
      { kind: "change", query: "q", before: "index", after: "scan" },
    ]);
    const [regression, ...others] = run(detector, 20, { plan: "scan", meanMs: 40 });
    expect(others).toEqual([]);
    expect(regression).toMatchObject({
      kind: "regression",
      query: "q",
      before: "index",
      after: "scan",
      cause: "plan_change",
    });
    if (regression?.kind !== "regression") return expect.unreachable();
    expect(regression.ratio).toBeGreaterThan(3.5);
    expect(regression.ratio).toBeLessThan(4.5);
    expect(regression.rankPValue).toBeLessThan(0.05);
    expect(regression.ratioLow).toBeLessThan(regression.ratio);
    expect(regression.ratioHigh).toBeGreaterThan(regression.ratio);
    expect(regression.usualMs).toBeCloseTo(10, 0);
    // 100 calls a minute lose 30 ms each.
    expect(regression.impact).toBeCloseTo(0.05, 2);
    expect(run(detector, 3).map(({ kind }) => kind)).toEqual(["change", "recovery"]);
  });

  it("is silent about another plan that is as fast, and takes it for the usual one", () => {
    const detector = learned();
    expect(run(detector, 30, { plan: "other" }).map(({ kind }) => kind)).toEqual(["change"]);
    expect(run(detector, 3, { plan: "other", meanMs: 40 })).toMatchObject([{ kind: "regression", cause: "unknown" }]);
  });

  it.each<[string, Partial<Observation>]>([
    ["data_growth", { plan: "scan", rowsPerCall: 200 }],
    ["parameter_shift", { plan: "scan", rowsPerCall: 2 }],
    ["cache", { blocksReadPerCall: 400 }],
    ["unknown", {}],
  ])("tells the cause %s", (cause, observation) => {
    const events = run(learned(), 3, { ...observation, meanMs: 40 });
    expect(events).toContainEqual(expect.objectContaining({ kind: "regression", cause }));
  });

  it.each<[WaitCategory, string | undefined, string]>([
    ["lock_row", "scan", "lock"],
    ["io_data", undefined, "io"],
    ["io_data", "scan", "plan_change"],
    ["latch", undefined, "unknown"],
    ["cpu", undefined, "unknown"],
  ])("tells by the waits of its sessions, here %s by the plan %s, the cause %s", (category, plan, cause) => {
    const detector = new RegressionDetector();
    const windows = (count: number, wait: WaitCategory, observation: Partial<Observation> = {}) =>
      Array.from({ length: count }, (_, window) => {
        for (let sample = 0; sample < 20; sample++) detector.sample("q", sample % 4 === 0 ? "network" : wait);
        return run(detector, 1, { meanMs: 10 + (window % 3), ...observation });
      }).flat();
    expect(windows(20, "cpu")).toEqual([]);
    const regression = windows(3, category, { meanMs: 40, plan: plan ?? "index" }).at(-1);
    expect(regression).toMatchObject({ kind: "regression", cause });
    if (regression?.kind !== "regression") return expect.unreachable();
    expect(regression.waitShift?.gained.category).toBe(category === "cpu" ? undefined : category);
    const restored = new RegressionDetector({}, JSON.parse(JSON.stringify(detector.snapshot())) as DetectorSnapshot);
    expect(restored.snapshot()).toEqual(JSON.parse(JSON.stringify(detector.snapshot())));
  });

  it("finds a statement that slows down bit by bit", () => {
    const detector = learned();
    // Some days of usual ups and downs, too large for a single window to stand out.
    const noise = (window: number) => Math.exp(0.35 * Math.sin(window * 1.7));
    for (let window = 0; window < 600; window++) run(detector, 1, { meanMs: 10 * noise(window) });
    const events: RegressionEvent[] = [];
    for (let window = 0; window < 100; window++) {
      events.push(...run(detector, 1, { meanMs: 10 * noise(window) * (1 + window / 50) }));
    }
    expect(events.map(({ kind }) => kind)).toEqual(["regression"]);
  });

  it("expects a job of every night once it has seen it", () => {
    const detector = learned();
    const day = (): number => {
      const events = Array.from({ length: 288 }, (_, window) => {
        const hour = Math.floor(window / 12);
        detector.observe({ ...usual, meanMs: (hour === 3 ? 25 : 10) * (1 + ((window % 5) - 2) / 50) });
        return detector.endWindow({ seconds: 300, endMs: hour * 3_600_000 });
      });
      return events.flat().filter(({ kind }) => kind === "regression").length;
    };
    expect(Array.from({ length: 6 }, day)).toEqual([1, 1, 0, 0, 0, 0]);
    // Other hours are what they were.
    expect(run(detector, 3, { meanMs: 25 })).toMatchObject([{ kind: "regression" }]);
  });

  it("waits where the ranks are in doubt: what is slow now has been as slow at times", () => {
    const detector = new RegressionDetector({ falseDiscoveryRate: 0.5 });
    for (let window = 0; window < 12; window++) run(detector, 1, { meanMs: window % 5 < 2 ? 30 : 10 });
    expect(run(detector, 3, { meanMs: 30 })).toEqual([]);
    expect(run(detector, 3, { meanMs: 90 }).map(({ kind }) => kind)).toEqual(["regression"]);
  });

  it.each<[string, Partial<Observation>]>([
    ["slower by less than the ratio", { meanMs: 14 }],
    ["too rare to matter", { meanMs: 0.01 * 4, calls: 100 }],
    ["a single slow window in three", {}],
  ])("is silent about what is %s", (name, observation) => {
    const detector = new RegressionDetector();
    run(detector, 30, name.startsWith("too rare") ? { meanMs: 0.01 } : {});
    if (!name.startsWith("a single")) return expect(run(detector, 10, observation)).toEqual([]);
    const events = Array.from({ length: 10 }, () => [...run(detector, 1, { meanMs: 40 }), ...run(detector, 2)]);
    return expect(events.flat()).toEqual([]);
  });

  it("waits for executions enough, unless few leave no doubt", () => {
    const detector = learned();
    expect(run(detector, 4, { plan: "index", calls: 2, meanMs: 100 })).toEqual([]);
    // 10 are there with the fifth window; each verdict takes as many.
    expect(run(detector, 11, { plan: "index", calls: 2, meanMs: 100 })).toMatchObject([{ kind: "regression" }]);
  });

  it("takes single executions as well as intervals", () => {
    const detector = new RegressionDetector();
    const window = (factor: number) => {
      for (let call = 0; call < 40; call++) {
        const meanMs = factor * (8 + (call % 5));
        detector.observe({ query: "q", plan: factor === 1 ? "a" : "b", calls: 1, meanMs });
      }
      return detector.endWindow({ seconds: 60, endMs: 0 });
    };
    for (let count = 0; count < 20; count++) expect(window(1)).toEqual([]);
    expect([...window(3), ...window(3)].map(({ kind }) => kind)).toEqual(["change", "regression"]);
  });

  it("tells of no change while plans share a statement", () => {
    const detector = learned();
    const events = Array.from({ length: 10 }, (_, window) => {
      detector.observe({ ...usual, plan: "index", calls: 50 });
      detector.observe({ ...usual, plan: "scan", calls: 40 + 20 * (window % 2) });
      return detector.endWindow({ seconds: 60, endMs: 0 });
    });
    expect(events.flat()).toEqual([]);
    expect(run(detector, 1, { plan: "scan" })).toMatchObject([{ kind: "change", before: "index", after: "scan" }]);
  });

  it("goes on after a restart where it was", () => {
    const before = learned();
    run(before, 5, { plan: "scan", meanMs: 40 });
    const stored = JSON.parse(JSON.stringify(before.snapshot())) as DetectorSnapshot;
    const after = new RegressionDetector({}, stored);
    expect(run(after, 3).map(({ kind }) => kind)).toEqual(["change", "recovery"]);
  });

  it("follows so many statements and no more", () => {
    const detector = new RegressionDetector({ maxQueries: 3 });
    for (const query of ["a", "b", "c", "a", "d"]) detector.observe({ ...usual, query });
    expect(detector.size).toBe(3);
    expect(detector.snapshot().queries.map(({ query }) => query)).toEqual(["c", "a", "d"]);
    expect(new RegressionDetector({ maxQueries: 2 }, detector.snapshot()).size).toBe(2);
  });

  it.each([{ calls: 0 }, { calls: -1 }, { meanMs: Number.NaN }, { meanMs: -1 }, { calls: Number.POSITIVE_INFINITY }])(
    "takes no observation of %j",
    (nonsense) => {
      const detector = new RegressionDetector();
      detector.observe({ ...usual, ...nonsense });
      expect(detector.size).toBe(0);
    },
  );

  it("takes a regression that lasts for what is usual", () => {
    const detector = new RegressionDetector({ acceptAfter: 10 });
    run(detector, 30);
    expect(run(detector, 60, { meanMs: 40 }).map(({ kind }) => kind)).toEqual(["regression"]);
    expect(run(detector, 3, { meanMs: 160 }).map(({ kind }) => kind)).toEqual(["regression"]);
  });
});
