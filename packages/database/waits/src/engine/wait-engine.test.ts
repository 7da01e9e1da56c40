import { expect, it } from "vitest";
import type { FindingCode } from "../advice/finding.ts";
import type { WaitCategory } from "../category.ts";
import { WaitEngine } from "./wait-engine.ts";

const database = "db:5432/shop";
const windowMs = 300_000;

/** How many samples of each category. */
type Mix = Partial<Readonly<Record<WaitCategory, number>>>;

/** Spreads samples of five seconds each over a window. */
function fill(engine: WaitEngine, ordinal: number, mix: Mix): void {
  const categories = Object.entries(mix).flatMap(([category, count]) =>
    Array<WaitCategory>(count).fill(category as WaitCategory),
  );
  for (const [place, category] of categories.entries()) {
    const timeMs = ordinal * windowMs + ((place + 1) * windowMs) / (categories.length + 1);
    engine.sample({ database, query: "q", category, seconds: 5, timeMs });
  }
}

function window(engine: WaitEngine, ordinal: number, mix: Mix) {
  fill(engine, ordinal, mix);
  return engine.evaluate((ordinal + 1) * windowMs - 1);
}

const calm = { cpu: 80, io_data: 10, network: 10 } as const;
const locked = { cpu: 30, lock_row: 370 } as const;

function learned(): WaitEngine {
  const engine = new WaitEngine();
  for (let ordinal = 0; ordinal < 24; ordinal++) expect(window(engine, ordinal, calm)).toEqual([]);
  return engine;
}

it("is quiet while nothing is wrong, and says what is", () => {
  const findings = window(learned(), 24, locked);
  const codesOf = (query: string | undefined) =>
    findings
      .filter((finding) => finding.query === query)
      .map(({ code }) => code)
      .toSorted();
  expect(codesOf(undefined)).toEqual<FindingCode[]>(["load_spike", "lock_contention", "wait_shift"]);
  expect(codesOf("q")).toEqual(codesOf(undefined));
  const contention = findings.find(({ code, query }) => code === "lock_contention" && query === undefined);
  expect(contention).toMatchObject({
    severity: "critical",
    priority: "P0",
    evidence: { average_sessions: { unit: "{session}" }, ratio_to_usual: { unit: "1" } },
  });
});

it("takes for usual what stays", () => {
  const engine = learned();
  let last = window(engine, 24, locked);
  expect(last.some(({ severity }) => severity === "critical")).toBe(true);
  for (let ordinal = 25; ordinal < 400; ordinal++) last = window(engine, ordinal, locked);
  expect(last.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
    "lock_contention medium",
    "lock_contention medium",
  ]);
});

it("learns once for a window, however often it is asked", () => {
  const engine = new WaitEngine({ baselines: { minValues: 3 } });
  for (let ordinal = 0; ordinal < 2; ordinal++) {
    window(engine, ordinal, calm);
    for (let times = 0; times < 20; times++) engine.evaluate((ordinal + 1) * windowMs - 1);
  }
  expect(window(engine, 2, locked).map(({ code }) => code)).not.toContain("load_spike");
});

it("puts counters, plans, blocking and connections beside the samples", () => {
  const engine = learned();
  const timeMs = 25 * windowMs - 1000;
  engine.statement({
    database,
    query: "q",
    timeMs,
    counters: { calls: 100, seconds: 300, rowsExamined: 1e8, rowsReturned: 100, noIndexCalls: 100 },
  });
  engine.planChange({ database, query: "q", timeMs: timeMs - 600_000, change: { before: "v1:a", after: "v1:b" } });
  const forest = engine.blocking({
    database,
    timeMs,
    edges: [{ blocked: "2", blocker: "1", seconds: 9 }],
    blockers: new Map([["1", { idleInTransaction: true }]]),
  });
  expect(forest.roots).toHaveLength(1);
  engine.connections({ database, timeMs, open: 99, max: 100, madePerSecond: 1 });
  const codes = new Set(window(engine, 24, { cpu: 20, io_data: 250, lock_row: 130 }).map(({ code }) => code));
  expect([...codes].toSorted()).toEqual<FindingCode[]>([
    "connections_exhausted",
    "idle_in_transaction_blocker",
    "idle_transaction_pileup",
    "io_bound",
    "io_saturation",
    "load_spike",
    "lock_contention",
    "missing_index",
    "missing_index_io",
    "missing_index_locks",
    "plan_change",
    "plan_change_wait_shift",
    "slow_by_waits",
    "wait_shift",
  ]);
});

it("lets go of what has grown old", () => {
  const engine = new WaitEngine();
  engine.blocking({ database, timeMs: 0, edges: [{ blocked: "2", blocker: "1", seconds: 9 }] });
  expect(engine.evaluate(300_000).map(({ code }) => code)).toEqual(["blocking_root"]);
  expect(engine.evaluate(300_001)).toEqual([]);
  engine.blocking({ database, timeMs: 300_001, edges: [] });
  expect(engine.evaluate(300_001)).toEqual([]);
});

it("judges the statements with most time", () => {
  const engine = new WaitEngine({ maxJudged: 2 });
  for (const [place, query] of ["a", "b", "c"].entries()) {
    for (let sample = 0; sample < 100 * (place + 1); sample++) {
      engine.sample({ database, query, category: "io_data", seconds: 1, timeMs: 1000 });
    }
  }
  const queries = new Set(engine.evaluate(1000).map(({ query }) => query));
  expect(queries).toEqual(new Set([undefined, "c", "b"]));
});

it("goes on after a restart with what it has learnt", () => {
  const restarted = new WaitEngine();
  expect(restarted.restoreSnapshot(learned().takeSnapshot())).toBe(true);
  const codes = window(restarted, 24, locked).map(({ code }) => code);
  expect(codes).toEqual(window(learned(), 24, locked).map(({ code }) => code));
  expect(codes).toContain("load_spike");
  expect(codes).toContain("wait_shift");
});

it("does not learn of a statement whose counters are old in place of one that runs", () => {
  const engine = new WaitEngine({ maxJudged: 1 });
  const counters = { calls: 1, seconds: 1e6 };
  engine.statement({ database, query: "old", timeMs: 0, counters });
  for (let ordinal = 2; ordinal < 26; ordinal++) {
    fill(engine, ordinal, calm);
    engine.learn((ordinal + 1) * windowMs - 1);
  }
  fill(engine, 26, locked);
  const codes = engine.findings({ database, query: "q", nowMs: 27 * windowMs - 1 }).map(({ code }) => code);
  expect(codes).toContain("wait_shift");
});

it("keeps what it has when the snapshot is none", () => {
  const engine = learned();
  expect(engine.restoreSnapshot(new TextEncoder().encode('{"version":2}'))).toBe(false);
  expect(window(engine, 24, locked).map(({ code }) => code)).toContain("load_spike");
});

it("tells of one database or statement, and learns when it is told to, once a window", () => {
  const engine = new WaitEngine({ baselines: { minValues: 3 } });
  for (const ordinal of [0, 1, 2]) {
    fill(engine, ordinal, calm);
    for (let times = 0; times < 5; times++) engine.learn((ordinal + 1) * windowMs - 1);
  }
  fill(engine, 3, locked);
  const nowMs = 4 * windowMs - 1;
  const codesOf = (query?: string) => engine.findings({ database, query, nowMs }).map(({ code }) => code);
  expect(codesOf().toSorted()).toEqual<FindingCode[]>(["load_spike", "lock_contention", "wait_shift"]);
  expect(codesOf("q").toSorted()).toEqual(codesOf().toSorted());
  expect(codesOf("unknown")).toEqual([]);
  expect(engine.findings({ database: "unknown", nowMs })).toEqual([]);
});

it("counts deadlocks once, whatever number of parties tells them, and knows how many are usual", () => {
  const engine = new WaitEngine({ baselines: { minValues: 3 } });
  const deadlock = (id: string, timeMs: number, count?: number) => {
    for (const relation of ["shop.orders", "shop.stock"]) engine.deadlock({ database, id, timeMs, count, relation });
  };
  const found = (nowMs: number) => engine.findings({ database, nowMs }).find(({ code }) => code === "deadlocks");
  expect(found(0)).toBeUndefined();
  for (let ordinal = 0; ordinal < 5; ordinal++) {
    const endMs = (ordinal + 1) * windowMs - 1;
    deadlock(`usual ${ordinal}`, endMs - 1000);
    engine.evaluate(endMs);
  }
  const endMs = 6 * windowMs - 1;
  deadlock("usual 5", endMs - 2000);
  expect(found(endMs)).toMatchObject({
    severity: "low",
    priority: "P3",
    confidence: 0.5,
    evidence: {
      deadlocks: { value: 1, unit: "{deadlock}" },
      sessions: { value: 2, unit: "{session}" },
      relations: { value: "shop.orders, shop.stock", unit: "" },
    },
  });
  deadlock("many", endMs - 1000, 9);
  expect(found(endMs)).toMatchObject({
    severity: "critical",
    priority: "P0",
    evidence: { deadlocks: { value: 10 }, deadlocks_usually: { value: expect.closeTo(1, 6) as number } },
  });
  expect(found(endMs + windowMs + 1)).toBeUndefined();
});

it("sees a statement get better and worse, and nothing in what varies by chance", () => {
  const engine = learned();
  const trend = () => engine.trend({ database, query: "q", nowMs: 25 * windowMs - 1 })?.trend;
  window(engine, 24, calm);
  expect(trend()).toBe("steady");
  expect(new WaitEngine().trend({ database, query: "q", nowMs: 0 })).toBeUndefined();
  const worse = learned();
  window(worse, 24, locked);
  expect(worse.trend({ database, query: "q", nowMs: 25 * windowMs - 1 })?.trend).toBe("worsening");
});
