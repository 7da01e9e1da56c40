import { type AnyValue, type Batch, logsBuilder, metricsBuilder, type Signal } from "@dbintel/pdata";
import { createTestHost, FakeClock, Sink, type TestHost } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { costControlConfig } from "./config.ts";
import { CostControl } from "./cost-control.ts";

const stepMs = 1_800_000;
const stepsADay = (24 * 3_600_000) / stepMs;
const november = BigInt(Date.UTC(2026, 10, 1)) * 1_000_000n;
const context = { signal: new AbortController().signal };
const text = "x".repeat(200);

/** A pipeline end that counts and forgets. */
class Counter extends Sink<Signal> {
  bytes = 0;
  errors = 0;
  golden = 0;
  sum = 0n;
  series = 0;
  readonly events: (readonly [string, AnyValue | undefined])[] = [];

  override async consume(batch: Batch): Promise<void> {
    this.bytes += batch.byteSize;
    if (batch.signal === "logs") {
      for (const record of batch.records()) {
        if (record.severityNumber >= 17) this.errors++;
        if (record.eventName === "telemetry.budget.step") {
          const step = record.attributes.getString("telemetry.budget.step") ?? "";
          this.events.push([step, record.attributes.get("telemetry.budget.saved_bytes")]);
        }
      }
    }
    if (batch.signal !== "metrics") return;
    let leaking = 0;
    for (const point of batch.points()) {
      if (point.metric.name === "golden") this.golden++;
      else leaking++;
      if (point.metric.name === "leaking") this.sum += BigInt(point.value ?? 0);
    }
    this.series = Math.max(this.series, leaking);
  }
}

function collector(host: TestHost, settings: object) {
  const config = costControlConfig.parse({
    monthly_budget_usd: 1,
    price_per_gb: 100,
    price_date: "2026-11-01",
    metric_cardinality_limit: 40,
    golden_metrics: ["golden"],
    ladder: { interval: "10m" },
    ...settings,
  });
  const end = new Counter();
  const logs = new CostControl({ id: "cost_control", config, host, signal: "logs", next: end });
  const metrics = new CostControl({
    id: "cost_control",
    config,
    host: createTestHost({ collectorOf: host }),
    signal: "metrics",
    next: end,
  });
  return { end, logs, metrics, all: [logs, metrics] };
}

/** Logs of half an hour: as many as the hour of the day and the incident make, one in fifty an error. */
function logsOf(step: number, volume: number): { readonly batch: Batch; readonly errors: number } {
  const builder = logsBuilder()
    .resource({ attributes: { "service.name": "shop" } })
    .scope({ name: "test" });
  let errors = 0;
  for (let index = 0; index < volume; index++) {
    const failed = index % 50 === 0;
    if (failed) errors++;
    builder.record({ severityNumber: failed ? 17 : 9, body: text, attributes: { id: `${step}/${index}` } });
  }
  return { batch: builder.build(), errors };
}

/** One golden point, and delta sums of which one series more appears every hour. */
function metricsOf(step: number): { readonly batch: Batch; readonly sum: bigint } {
  const at = { timeUnixNano: BigInt(step + 1), startTimeUnixNano: BigInt(step) };
  const points = Array.from({ length: 20 }, (_, index) => ({
    ...at,
    attributes: { session: `${Math.floor(step / 2) + index}`, db: `db${index % 2}` },
    value: BigInt(step * 31 + index * 7),
  }));
  const batch = metricsBuilder()
    .resource({ attributes: { "service.name": "shop" } })
    .scope({ name: "test" })
    .gauge({ name: "golden" }, [{ ...at, value: 1 }])
    .sum({ name: "leaking", monotonic: true, temporality: "delta" }, points)
    .build();
  return { batch, sum: points.reduce((sum, { value }) => sum + value, 0n) };
}

async function liveThrough(settings: object, args: { readonly demand: number; readonly restart?: boolean }) {
  const clock = new FakeClock(november);
  let host = createTestHost({ clock });
  let running = collector(host, settings);
  const ends = [running.end];
  for (const part of running.all) await part.start(context);
  let [errors, golden, sum, offered] = [0, 0, 0n, 0];
  for (let step = 0; step < 30 * stepsADay; step++) {
    const hour = Math.floor(step / 2) % 24;
    const day = Math.floor(step / stepsADay);
    const incident = day === 11 && hour >= 8 && hour < 14;
    // A clock that is an hour ahead for a while, and one that was put into the next month by mistake.
    if (step === 5 * stepsADay) clock.jump(3_600_000_000_000n);
    if (step === 6 * stepsADay) clock.jump(-3_600_000_000_000n);
    if (step === 8 * stepsADay) clock.jump(40n * 86_400_000_000_000n);
    if (step === 8 * stepsADay + 3) clock.jump(-40n * 86_400_000_000_000n);
    if (args.restart === true && step === 20 * stepsADay) {
      for (const part of running.all) await part.stop(context);
      host = createTestHost({ clock, storage: host.storage });
      running = collector(host, settings);
      ends.push(running.end);
      for (const part of running.all) await part.start(context);
    }
    const daily = 1 + 0.8 * Math.sin(((hour - 6) / 24) * 2 * Math.PI);
    const logs = logsOf(step, Math.round(args.demand * daily * (incident ? 20 : 1)));
    const metrics = metricsOf(step);
    errors += logs.errors;
    golden++;
    sum += metrics.sum;
    offered += logs.batch.byteSize + metrics.batch.byteSize;
    if (logs.batch.count > 0) await running.logs.consume(logs.batch, context);
    await running.metrics.consume(metrics.batch, context);
    await clock.advance(stepMs);
  }
  for (const part of running.all) await part.stop(context);
  const total = <Key extends "bytes" | "errors" | "golden">(key: Key) => ends.reduce((all, end) => all + end[key], 0);
  return {
    offered,
    used: total("bytes"),
    events: ends.flatMap((end) => end.events),
    kept: { errors: total("errors"), golden: total("golden") },
    truth: { errors, golden },
    sums: { kept: ends.reduce((all, end) => all + end.sum, 0n), truth: sum },
  };
}

const budgetBytes = 1e7;

describe("a month with an incident of 20 times the traffic, a leak of series, and clocks that are set", () => {
  it("spends the budget within 2 % when more is wanted all the time, also over a restart", async () => {
    const month = await liveThrough({}, { demand: 48, restart: true });
    expect(month.offered).toBeGreaterThan(1.5 * budgetBytes);
    expect(month.used / budgetBytes).toBeLessThanOrEqual(1.02);
    expect(month.used / budgetBytes).toBeGreaterThanOrEqual(0.98);
    expect(month.kept).toEqual(month.truth);
    expect(month.truth.errors).toBeGreaterThan(1400);
  });

  it("goes up the ladder in the incident and down again after it, and says so each time", async () => {
    const month = await liveThrough({ monthly_budget_usd: 3 }, { demand: 48 });
    expect(month.used).toBeLessThanOrEqual(3 * budgetBytes * 1.02);
    expect(month.kept).toEqual(month.truth);
    expect(month.events.map(([step]) => step)).toContain("dedupe");
    expect(month.events.at(-1)?.[0]).toBe("normal");
  });

  it("folds the leak so that sums stay exact, where the last step is not reached", async () => {
    const month = await liveThrough({ monthly_budget_usd: 100, ladder: { interval: "30m" } }, { demand: 3 });
    expect(month.sums.kept).toBe(month.sums.truth);
    expect(month.events).toEqual([]);
  });

  it("gives a replica its part of the budget", async () => {
    const replica = { monthly_budget_usd: 2, replicas: { count: 2 }, ladder: { interval: "30m" } };
    const month = await liveThrough(replica, { demand: 48 });
    expect(month.used / budgetBytes).toBeGreaterThan(0.98);
    expect(month.used / budgetBytes).toBeLessThan(1.02);
  });
});
