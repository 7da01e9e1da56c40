import type { AnyValue, LogRecordInit } from "@dbintel/pdata";
import { expect, it } from "vitest";
import { Correlators, nano, top, type Values } from "./correlators.ts";

const update = "UPDATE orders SET state = $1 WHERE id = $2";
const stepMs = 60_000;
const stepsPerHour = 60;

/** Sessions that execute the statement at one moment, so many of them waiting for a row, the others computing. */
function sessions(clockMs: number, running: number, waiting: number): readonly LogRecordInit[] {
  return Array.from({ length: running + waiting }, (_, place) => ({
    eventName: "db.server.query_sample",
    attributes: {
      "db.namespace": "shop",
      "db.query.text": update,
      "postgresql.pid": BigInt(100 + place),
      "postgresql.state": "active",
      "postgresql.query_start": new Date(clockMs).toISOString(),
      ...(place >= running && { "postgresql.wait_event_type": "Lock", "postgresql.wait_event": "transactionid" }),
    },
  }));
}

/** So many minutes with that many sessions a sample; answers with what the statement's counters are told at the end. */
async function pass(
  correlators: Correlators,
  minutes: number,
  { running, waiting }: { readonly running: number; readonly waiting: number },
  others: Values = {},
): Promise<Values | undefined> {
  let told: Values | undefined;
  for (let minute = 0; minute < minutes; minute++) {
    await correlators.clock.advance(stepMs);
    const nowMs = Number(correlators.clock.unixNano() / 1_000_000n);
    const seconds = (running + waiting) * 60;
    const start = { "dbintel.interval.start_time_unix_nano": nano(nowMs - stepMs) };
    const records = [top(update, seconds, { ...start, ...others }), ...sessions(nowMs, running, waiting)];
    [told] = await correlators.logs(records);
  }
  return told;
}

const calm = { running: 5, waiting: 0 };
const storm = { running: 2, waiting: 18 };

/** Findings by their id, as far as they are looked at here. */
function findings(values: Values | undefined): ReadonlyMap<string, Finding> {
  const list = (values?.["db.query.findings"] ?? []) as readonly ReadonlyMap<string, AnyValue>[];
  return new Map(
    list.map((finding) => [
      String(finding.get("id")),
      {
        severity: finding.get("severity"),
        priority: finding.get("priority"),
        evidence: finding.get("evidence") as readonly string[],
      },
    ]),
  );
}

interface Finding {
  readonly severity: AnyValue | undefined;
  readonly priority: AnyValue | undefined;
  readonly evidence: readonly string[];
}

/** A figure that a finding shows. */
function figure(finding: Finding | undefined, name: string): number {
  const shown = finding?.evidence.find((item) => item.startsWith(`${name}=`));
  return Number.parseFloat(shown?.slice(name.length + 1) ?? "");
}

it("finds nothing on a usual day, and a storm of locks after it", async () => {
  const correlators = await Correlators.start();
  expect(findings(await pass(correlators, 24 * stepsPerHour, calm)).size).toBe(0);

  const found = findings(await pass(correlators, 5, storm));
  expect(new Set(found.keys())).toEqual(new Set(["lock_contention", "load_spike", "wait_shift", "slow_by_waits"]));
  const contention = found.get("lock_contention");
  expect(contention).toMatchObject({ severity: "critical", priority: "P0" });
  expect(figure(contention, "share")).toBeCloseTo(0.9);
  expect(figure(contention, "database_ratio_to_usual")).toBeGreaterThan(10);
  const spike = found.get("load_spike");
  expect(spike).toMatchObject({ severity: "critical", priority: "P0" });
  expect(figure(spike, "database_ratio_to_usual")).toBeCloseTo(4, 1);
});

it("does not know what is usual before it has seen enough, and takes for usual what stays", async () => {
  const correlators = await Correlators.start();
  const first = findings(await pass(correlators, 5, storm));
  expect([...first.keys()]).toEqual(["lock_contention", "slow_by_waits"]);
  expect(first.get("lock_contention")?.severity).toBe("high");
  const later = findings(await pass(correlators, 3 * stepsPerHour, storm));
  expect([...later.keys()]).toEqual(["lock_contention", "slow_by_waits"]);
  expect(later.get("lock_contention")?.severity).toBe("medium");
});

it("knows what is usual over a restart", async () => {
  const first = await Correlators.start();
  await pass(first, 2 * stepsPerHour, calm);
  const second = await Correlators.start({}, await first.stop());
  const found = findings(await pass(second, 5, storm));
  expect(found.get("lock_contention")?.severity).toBe("critical");
  expect(found.has("load_spike")).toBe(true);
});

it("saves what it has learnt once an hour, for it may not be stopped in order", async () => {
  const crashed = await Correlators.start();
  await pass(crashed, 3 * stepsPerHour, calm);
  const second = await Correlators.start({}, crashed);
  expect(findings(await pass(second, 5, storm)).has("load_spike")).toBe(true);
});

it("tells a change of plan together with what the statement waits for since", async () => {
  const correlators = await Correlators.start();
  const planned = (hash: string) => ({ "db.query.plan.hash": hash });
  await pass(correlators, 2 * stepsPerHour, { running: 20, waiting: 20 }, planned("v1:a"));
  const told = await pass(correlators, 5, { running: 2, waiting: 38 }, planned("v1:b"));
  expect(told?.["db.query.findings.top"]).toBe("plan_change_wait_shift");
});

it("says of a slow statement that it waits, and whether that gets better or worse", async () => {
  const correlators = await Correlators.start();
  const usual = await pass(correlators, 2 * stepsPerHour, { running: 10, waiting: 10 });
  expect(usual).toMatchObject({ "db.query.wait.trend": "steady" });
  expect(usual).not.toHaveProperty("db.query.sli.impacting");
  const worse = await pass(correlators, 5, storm);
  expect(worse).toMatchObject({ "db.query.wait.trend": "worsening", "db.query.sli.impacting": true });
  const slow = findings(worse).get("slow_by_waits");
  expect(figure(slow, "mean_time")).toBeCloseTo(120);
  expect(figure(slow, "waiting_share")).toBeCloseTo(0.9);
  await pass(correlators, 5, calm);
  expect(await pass(correlators, 5, calm)).toMatchObject({ "db.query.wait.trend": "improving" });
});

it("takes the objective of a statement from what is called slow", async () => {
  const correlators = await Correlators.start({ query_categorization: { slow: "200s" } });
  const told = await pass(correlators, 10, storm);
  expect(findings(told).has("lock_contention")).toBe(true);
  expect(findings(told).has("slow_by_waits")).toBe(false);
});
