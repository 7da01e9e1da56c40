import { describe, expect, it } from "vitest";
import { blockingForest } from "../blocking/blocking-forest.ts";
import { ordinalOf, type WaitCategory, waitCategories } from "../category.ts";
import { noWaits, type WaitProfile } from "../profile/wait-profile.ts";
import { waitShift } from "../shift/wait-shift.ts";
import { advise } from "./advise.ts";
import type { BlockerFacts, Evidence, StatementCounters } from "./evidence.ts";
import type { WaitFinding } from "./finding.ts";

const nowMs = 1_800_000_000_000;

function profile(samples: Partial<Readonly<Record<WaitCategory, number>>>, windowSeconds = 100): WaitProfile {
  const counts = waitCategories.map(() => 0);
  for (const [category, count] of Object.entries(samples)) counts[ordinalOf(category as WaitCategory)] = count;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const sums = { samples: total, seconds: total, squares: total };
  return { ...noWaits, ...sums, windowSeconds, samplesByCategory: counts, secondsByCategory: counts };
}

function seen<Value>(value: Value, ageSeconds = 0) {
  return { timeMs: nowMs - ageSeconds * 1000, value };
}

function found(evidence: Omit<Evidence, "database">): readonly WaitFinding[] {
  return advise({ nowMs, evidence: { database: "shop", ...evidence } });
}

function codes(evidence: Omit<Evidence, "database">): readonly string[] {
  return found(evidence).map(({ code }) => code);
}

const usual = { usual: 1, values: 100 };

describe("waits", () => {
  it.each<[WaitCategory, string]>([
    ["lock_row", "lock_contention"],
    ["lock_table", "lock_contention"],
    ["lock_user", "lock_contention"],
    ["lock_metadata", "metadata_lock_contention"],
    ["io_data", "io_bound"],
    ["io_temp", "temporary_io"],
    ["io_log", "log_flush_pressure"],
    ["network", "network_bound"],
    ["buffer", "buffer_contention"],
    ["latch", "latch_contention"],
    ["replication", "replication_wait"],
  ])("for %s are %s", (category, code) => {
    expect(codes({ waits: seen(profile({ cpu: 50, [category]: 50 })) })).toEqual([code]);
  });

  it("are told with their figures, units and certainty", () => {
    expect(found({ waits: seen(profile({ cpu: 40, io_data: 60 })) })).toEqual([
      {
        code: "io_bound",
        database: "shop",
        query: undefined,
        severity: "high",
        priority: "P0",
        impact: 0.6,
        confidence: expect.closeTo(0.8367, 4) as number,
        evidence: {
          share: { value: 0.6, unit: "1" },
          share_low: { value: expect.closeTo(0.502, 4) as number, unit: "1" },
          share_high: { value: expect.closeTo(0.6906, 4) as number, unit: "1" },
          samples: { value: 100, unit: "{sample}" },
          average_sessions: { value: 0.6, unit: "{session}" },
        },
        recommendation: expect.stringContaining("Find the statements that read most") as string,
        parts: [],
      },
    ]);
  });

  it.each<[string, WaitProfile]>([
    ["computing", profile({ cpu: 1000 })],
    ["sleeping", profile({ sleep: 1000 })],
    ["few samples", profile({ io_data: 19 })],
    ["a share that chance may have made", profile({ cpu: 75, io_data: 25 })],
    ["hardly any load", profile({ io_data: 100 }, 10_000)],
  ])("are no finding for %s", (_, waits) => {
    expect(codes({ waits: seen(waits) })).toEqual([]);
  });

  it("of a statement weigh by what they cost the database", () => {
    const [finding] = found({
      query: "q",
      waits: seen(profile({ io_data: 100 })),
      databaseWaits: seen(profile({ cpu: 900, io_data: 100 })),
    });
    expect(finding).toMatchObject({ code: "io_bound", query: "q", impact: 0.1, severity: "low", priority: "P3" });
  });

  it("are worse when they are unusual, and less when they are as always", () => {
    const against = (ratio: number, deviations: number) => {
      const comparison = { ...usual, value: ratio, ratio, deviations };
      return found({ waits: seen(profile({ cpu: 40, io_data: 60 })), usual: seen({ byClass: { io: comparison } }) })[0]
        ?.severity;
    };
    expect(against(5, 10)).toBe("critical");
    expect(against(5, 1)).toBe("high");
    expect(against(1.1, 0.5)).toBe("medium");
  });

  it("are a spike when the load is unusual, which is trouble when it is not computing", () => {
    const spike = (waits: WaitProfile) =>
      found({
        waits: seen(waits),
        usual: seen({ byClass: {}, all: { ...usual, value: 8, ratio: 8, deviations: 20 } }),
      }).find(({ code }) => code === "load_spike");
    expect(spike(profile({ cpu: 800 }))).toMatchObject({ severity: "medium", impact: 0.875 });
    expect(spike(profile({ cpu: 100, latch: 700 }))).toMatchObject({ severity: "critical" });
  });

  it("of a statement are part of a spike of its database where they take much of its time", () => {
    const all = { ...usual, value: 8, ratio: 8, deviations: 20 };
    const spike = (part: number) =>
      found({
        query: "q",
        waits: seen(profile({ latch: 800 * part })),
        databaseWaits: seen(profile({ latch: 800 })),
        usual: seen({ byClass: {}, all }),
      }).find(({ code }) => code === "load_spike");
    expect(spike(0.5)).toMatchObject({
      impact: 0.4375,
      evidence: {
        average_sessions: { value: 4 },
        load_share: { value: 0.5 },
        database_sessions: { value: 8 },
        database_usual_sessions: { value: 1 },
        database_ratio_to_usual: { value: 8 },
      },
    });
    expect(spike(0.1)).toBeUndefined();
  });

  it("have shifted when a test says so", () => {
    const waits = profile({ cpu: 20, lock_row: 180 });
    const shift = waitShift(profile({ cpu: 900, lock_row: 100 }), waits);
    const finding = found({ waits: seen(waits), shift: shift && seen(shift) }).find(
      ({ code }) => code === "wait_shift",
    );
    expect(finding).toMatchObject({
      evidence: {
        gained_category: { value: "lock_row" },
        gained_share_before: { value: 0.1 },
        gained_share_after: { value: 0.9 },
      },
      impact: expect.closeTo(0.8, 10) as number,
    });
  });

  it("leave the processors as the limit when more sessions compute than there are", () => {
    expect(codes({ waits: seen(profile({ cpu: 390 })), cores: 4 })).toEqual(["cpu_saturation"]);
    expect(codes({ waits: seen(profile({ cpu: 390 })), cores: 8 })).toEqual([]);
  });
});

describe("counters of a statement", () => {
  const counters: StatementCounters = { calls: 100, seconds: 50, loadShare: 0.5, rowsExamined: 1e6, rowsReturned: 100 };

  it.each<[string, Partial<StatementCounters>, readonly string[]]>([
    ["no index", { noIndexCalls: 100 }, ["missing_index"]],
    ["an index", { noIndexCalls: 0 }, []],
    ["an index most times", { noIndexCalls: 40 }, []],
    ["no index on a small table", { noIndexCalls: 100, rowsExamined: 50_000 }, []],
    ["no index, for most of the table", { noIndexCalls: 100, rowsReturned: 500_000 }, []],
    ["a full join", { fullJoins: 100 }, ["inefficient_join"]],
    ["no good index", { noGoodIndexCalls: 100 }, ["inefficient_join"]],
    ["temporary tables on disk", { temporaryDiskTables: 100 }, ["temporary_data_on_disk"]],
    ["large temporary files", { temporaryBytes: 1e9 }, ["temporary_data_on_disk"]],
    ["small temporary files", { temporaryBytes: 1e6 }, []],
    ["everything, three times", { calls: 3, noIndexCalls: 3, fullJoins: 3, temporaryDiskTables: 3 }, []],
  ])("with %s", (_, changed, expected) => {
    expect(codes({ query: "q", counters: seen({ ...counters, ...changed }) })).toEqual(expected);
  });

  it("weigh by the sessions that execute it", () => {
    const severityOf = (averageSessions: number | undefined) =>
      found({ query: "q", counters: seen({ ...counters, noIndexCalls: 100, loadShare: 0.6, averageSessions }) })[0]
        ?.severity;
    expect([severityOf(0.01), severityOf(3), severityOf(undefined)]).toEqual(["medium", "high", "high"]);
  });

  it("say less where rows are not counted", () => {
    const confidenceOf = (rowsExamined: number | undefined) =>
      found({ query: "q", counters: seen({ ...counters, noIndexCalls: 100, rowsExamined }) })[0]?.confidence ?? 0;
    expect(confidenceOf(undefined)).toBeCloseTo(confidenceOf(1e6) / 2, 12);
  });
});

describe("sessions that block others", () => {
  const edges = [
    { blocked: "2", blocker: "1", seconds: 40, lockMode: "AccessExclusiveLock", relation: "orders" },
    { blocked: "3", blocker: "2", seconds: 20, relation: "orders" },
  ];
  const locked = seen(profile({ cpu: 50, lock_row: 50 }));
  const with_ = (facts: BlockerFacts, which = edges) =>
    found({ waits: locked, blocking: seen(blockingForest(which)), blockers: seen(new Map([["1", facts]])) });

  it.each<[string, BlockerFacts, typeof edges, string]>([
    ["work", { idleInTransaction: false }, edges.slice(0, 1), "blocking_root"],
    ["are idle in a transaction", { idleInTransaction: true }, edges, "idle_in_transaction_blocker"],
    ["let a change of the schema wait", { idleInTransaction: false }, edges, "metadata_lock_queue"],
    [
      "wait for each other",
      { idleInTransaction: false },
      [...edges, { blocked: "1", blocker: "3", seconds: 5, lockMode: "", relation: "" }],
      "lock_cycle",
    ],
  ])("and %s", (_, facts, which, code) => {
    expect(with_(facts, which).map((finding) => finding.code)).toContain(code);
  });

  it("are told with what they cost", () => {
    const finding = with_({ idleInTransaction: true, transactionSeconds: 90, query: "f00" }).find(
      ({ code }) => code === "idle_in_transaction_blocker",
    );
    expect(finding).toMatchObject({
      impact: 0.5,
      evidence: {
        root_session: { value: "1", unit: "" },
        blocked_sessions: { value: 2, unit: "{session}" },
        blocked_time: { value: 60, unit: "s" },
        longest_wait: { value: 40, unit: "s" },
        depth: { value: 2, unit: "1" },
        relations: { value: "orders", unit: "" },
        transaction_time: { value: 90, unit: "s" },
        root_query: { value: "f00", unit: "" },
      },
    });
  });

  it("are pressing even where nothing was sampled", () => {
    const [finding] = found({ blocking: seen(blockingForest(edges)) });
    expect(finding).toMatchObject({ code: "metadata_lock_queue", impact: 0.5, confidence: 0.5, priority: "P1" });
  });

  it("are no finding within a second", () => {
    expect(
      with_({ idleInTransaction: true }, [
        { blocked: "2", blocker: "1", seconds: 0.9, lockMode: "", relation: "" },
      ]).map(({ code }) => code),
    ).toEqual(["lock_contention"]);
  });
});

it("finds connections that are made too fast, and few that are left", () => {
  const made = { ...usual, value: 50, ratio: 50, deviations: 100 };
  expect(codes({ connections: seen({ open: 95, max: 100, made }) })).toEqual(
    ["connection_storm", "connections_exhausted"].toReversed(),
  );
  expect(codes({ connections: seen({ open: 50, max: 100, made: { ...made, deviations: 2 } }) })).toEqual([]);
});

describe("findings together", () => {
  const scan = seen<StatementCounters>({
    calls: 100,
    seconds: 50,
    rowsExamined: 1e7,
    rowsReturned: 100,
    noIndexCalls: 100,
  });
  const reads = {
    waits: seen(profile({ cpu: 20, io_data: 80 })),
    databaseWaits: seen(profile({ cpu: 100, io_data: 100 })),
  };

  it("say more than each, and name their parts", () => {
    const findings = found({ query: "q", ...reads, counters: scan });
    expect(findings.map(({ code }) => code).toSorted()).toEqual(["io_bound", "missing_index", "missing_index_io"]);
    const composite = findings.find(({ code }) => code === "missing_index_io");
    const single = findings.filter(({ parts }) => parts.length === 0);
    expect(composite?.parts).toEqual(["missing_index", "io_bound"]);
    expect(composite?.impact).toBe(0.5);
    for (const { confidence } of single) expect(composite?.confidence).toBeGreaterThan(confidence);
    expect(composite?.evidence["missing_index.executions"]).toEqual({ value: 100, unit: "{execution}" });
    expect(composite?.evidence["io_bound.share"]).toEqual({ value: 0.8, unit: "1" });
  });

  it.each<[string, Omit<Evidence, "database">]>([
    ["missing_index_locks", { query: "q", waits: seen(profile({ cpu: 20, lock_row: 80 })), counters: scan }],
    ["join_without_index_load", { query: "q", ...reads, counters: seen({ calls: 100, seconds: 50, fullJoins: 100 }) }],
    [
      "temporary_data_io",
      {
        query: "q",
        waits: seen(profile({ io_temp: 90 })),
        counters: seen({ calls: 100, seconds: 50, temporaryDiskTables: 100 }),
      },
    ],
    [
      "plan_change_wait_shift",
      {
        query: "q",
        ...reads,
        shift: seen(waitShift(profile({ cpu: 1000 }), profile({ cpu: 20, io_data: 80 })) ?? expect.fail()),
        planChange: seen({ before: "v1:a", after: "v1:b" }, 3000),
      },
    ],
    [
      "io_saturation",
      { waits: reads.waits, usual: seen({ byClass: {}, all: { ...usual, value: 8, ratio: 8, deviations: 20 } }) },
    ],
    [
      "idle_transaction_pileup",
      {
        waits: seen(profile({ lock_row: 90 })),
        blocking: seen(blockingForest([{ blocked: "2", blocker: "1", seconds: 9 }])),
        blockers: seen(new Map([["1", { idleInTransaction: true }]])),
      },
    ],
    [
      "metadata_lock_pileup",
      {
        waits: seen(profile({ lock_table: 90 })),
        blocking: seen(
          blockingForest([
            { blocked: "2", blocker: "1", seconds: 9, lockMode: "AccessExclusiveLock" },
            { blocked: "3", blocker: "2", seconds: 8, lockMode: "AccessShareLock" },
          ]),
        ),
      },
    ],
  ])("make %s", (code, evidence) => {
    expect(codes(evidence)).toContain(code);
    expect(advise({ nowMs: nowMs + 3_601_000, evidence: { database: "shop", ...evidence } })).toEqual([]);
  });
});

describe("a slow statement", () => {
  const slow = { calls: 50, seconds: 150 };
  const waits = seen(profile({ cpu: 20, lock_row: 50, io_data: 30 }));
  const databaseWaits = seen(profile({ cpu: 120, lock_row: 50, io_data: 30 }));

  it("misses its objective by waiting, which is told with both figures", () => {
    const finding = found({ query: "q", waits, databaseWaits, counters: seen(slow) }).find(
      ({ code }) => code === "slow_by_waits",
    );
    expect(finding?.impact).toBeCloseTo(0.4);
    expect(finding?.evidence).toMatchObject({
      mean_time: { value: 3, unit: "s" },
      objective: { value: 1, unit: "s" },
      waiting_share: { value: 0.8, unit: "1" },
      executions: { value: 50, unit: "{execution}" },
    });
  });

  it.each<[string, Omit<Evidence, "database">]>([
    ["it is fast", { query: "q", waits, counters: seen({ calls: 50, seconds: 40 }) }],
    ["it computes", { query: "q", waits: seen(profile({ cpu: 60, io_data: 40 })), counters: seen(slow) }],
    ["it was seen too rarely", { query: "q", waits: seen(profile({ lock_row: 10 })), counters: seen(slow) }],
    ["it ran too rarely", { query: "q", waits, counters: seen({ calls: 2, seconds: 9 }) }],
    ["all of the database is meant", { waits, counters: seen(slow) }],
  ])("does not when %s", (_, evidence) => {
    expect(codes(evidence)).not.toContain("slow_by_waits");
  });
});

describe("deadlocks", () => {
  const facts = { count: 3, sessions: 6, windowSeconds: 300, relations: ["shop.orders"], queries: ["q1", "q2"] };

  it("are told with what they were about", () => {
    const [finding] = found({ deadlocks: seen(facts) });
    expect(finding).toMatchObject({ code: "deadlocks", confidence: 1, priority: "P1" });
    expect(finding?.impact).toBeCloseTo(0.3);
    expect(finding?.evidence.queries).toEqual({ value: "q1, q2", unit: "" });
    expect(finding?.evidence.window).toEqual({ value: 300, unit: "s" });
  });

  it("weigh less where there are as many on any other day, and nothing where there are none", () => {
    const made = { value: 0.01, usual: 0.01, ratio: 1, deviations: 0, values: 100 };
    const [finding] = found({ deadlocks: seen({ ...facts, made }) });
    expect(finding).toMatchObject({ severity: "low", confidence: 0.5, priority: "P2" });
    expect(codes({ deadlocks: seen({ ...facts, count: 0 }) })).toEqual([]);
    expect(codes({ deadlocks: seen(facts, 301) })).toEqual([]);
  });
});

it("finds nothing in nothing, and nothing in what has grown old or lies in the future", () => {
  expect(codes({})).toEqual([]);
  const waits = profile({ io_data: 100 });
  expect(codes({ waits: seen(waits, 299) })).toEqual(["io_bound"]);
  expect(codes({ waits: seen(waits, 301) })).toEqual([]);
  expect(codes({ waits: seen(waits, -301) })).toEqual([]);
});
