import { RetryableError } from "@dbintel/errors";
import { feedback, noSavings } from "@dbintel/feedback";
import { type Batch, logsBuilder, tracesBuilder } from "@dbintel/pdata";
import { createTestHost, Sink, type TestHost } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { budgets } from "./budget.ts";
import { costControlConfig } from "./config.ts";
import { CostControl } from "./cost-control.ts";

const context = { signal: new AbortController().signal };
const ladder = { warmup: "1m", interval: "1m" };

async function running(host: TestHost, settings: object) {
  const next = new Sink<"logs" | "traces">();
  const config = costControlConfig.parse({ bytes_per_day: 1, ladder, ...settings });
  const part = new CostControl({ id: "cost_control", config, host, signal: "logs", next: next as never });
  await part.start(context);
  return { part, next };
}

function logs(...records: readonly { severity?: number; body?: string; tenant?: string }[]): Batch {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (const { severity = 9, body = "text", tenant } of records) {
    builder.record({ severityNumber: severity, body, attributes: { "db.namespace": tenant, long: body } });
  }
  return builder.build();
}

const bodies = (batches: readonly Batch[]) =>
  batches.flatMap((batch) => (batch.signal === "logs" ? Array.from(batch.records(), ({ body }) => body) : []));

describe("CostControl", () => {
  it("cuts texts within a size at the border of a character", async () => {
    const { part, next } = await running(createTestHost(), { bytes_per_day: "1GB", max_body_bytes: 33 });
    await part.consume(logs({ body: "é".repeat(16) }, { body: "é".repeat(17) }), context);
    expect(bodies(next.batches)).toEqual(["é".repeat(16), `${"é".repeat(9)}...[truncated]`]);
    await part.stop(context);
  });

  it("keeps errors and slow or failed spans when the budget is used up, and asks for every saving", async () => {
    const host = createTestHost();
    const { part, next } = await running(host, {});
    await part.consume(logs({ body: "first" }), context);
    await host.clock.advance(60_000);
    expect(host.shared(feedback).savings).toMatchObject({ essentialsOnly: true, samplingFactor: 0.5 });
    const batch = logs({ body: "info" }, { body: "error", severity: 17 });
    await part.consume(batch, context);
    expect(batch.dropped).toEqual(new Map([["over_budget", 1]]));
    expect(bodies(next.batches)).toEqual(["first", "telemetry budget cost_control: normal → essentials", "error"]);
    const span = { traceId: `${"0".repeat(31)}1`, spanId: `${"0".repeat(15)}1`, startTimeUnixNano: 0n };
    const spans = tracesBuilder()
      .resource({ attributes: {} })
      .scope({ name: "test" })
      .span({ ...span, name: "fast", endTimeUnixNano: 1n })
      .span({ ...span, name: "slow", endTimeUnixNano: 2_000_000_000n })
      .span({ ...span, name: "failed", endTimeUnixNano: 1n, statusCode: 2 })
      .build();
    await part.consume(spans, context);
    expect(Array.from(spans.spans(), ({ name }) => name)).toEqual(["slow", "failed"]);
    expect(host.accounting.of("logs").received).toBe(1);
    await part.stop(context);
    expect(host.shared(feedback).savings.essentialsOnly).toBe(false);
  });

  it("goes on after a restart where it was, bytes and step", async () => {
    const host = createTestHost();
    const before = await running(host, {});
    await before.part.consume(logs({}), context);
    await host.clock.advance(60_000);
    await before.part.stop(context);
    const used = host.shared(budgets).get("cost_control")?.usedBytes;
    const again = createTestHost({ storage: host.storage, clock: host.clock });
    const { part, next } = await running(again, {});
    expect(again.shared(budgets).get("cost_control")).toMatchObject({ usedBytes: used, step: 7 });
    await part.consume(logs({}), context);
    expect(next.items).toBe(0);
    await part.stop(context);
  });

  it("takes no step above the highest, also when it comes from a restart", async () => {
    const host = createTestHost();
    const before = await running(host, { ladder: { ...ladder, highest: "sampling" } });
    await before.part.consume(logs({}), context);
    await host.clock.advance(60_000);
    expect(host.shared(budgets).get("cost_control")).toMatchObject({ step: 5, pressure: Number.POSITIVE_INFINITY });
    await before.part.consume(logs({ body: "passes" }), context);
    expect(bodies(before.next.batches)).toContain("passes");
    await before.part.stop(context);
    const again = createTestHost({ storage: host.storage, clock: host.clock });
    const after = await running(again, { ladder: { ...ladder, highest: "normal" } });
    expect(again.shared(budgets).get("cost_control")?.step).toBe(0);
    expect(again.shared(feedback).savings).toEqual(noSavings);
    await host.clock.advance(600_000);
    expect(again.shared(budgets).get("cost_control")?.step).toBe(0);
    await after.part.stop(context);
  });

  it("turns money into bytes, of which this replica has its share", async () => {
    const host = createTestHost();
    const money = { monthly_budget_usd: 40, price_per_gb: 0.4, price_date: "2026-11-01", free_gb_per_month: 100 };
    const { part } = await running(host, { ...money, replicas: { count: 2, share: 0.25 } });
    expect(host.shared(budgets).get("cost_control")?.limitBytes).toBe(50e9);
    await part.stop(context);
  });

  it("starts anew, and says so, when what was saved is unreadable", async () => {
    const host = createTestHost();
    await host.storage.save("budget", Buffer.from("{"));
    const { part } = await running(host, {});
    expect(host.lines.map(({ level }) => level)).toEqual(["warn"]);
    await part.stop(context);
  });

  it("leaves out repeated records, but not those that a sender sends again", async () => {
    const host = createTestHost();
    const { part, next } = await running(host, { bytes_per_day: 100_000 });
    await part.consume(logs({ body: "x".repeat(1000) }), context);
    await host.clock.advance(60_000);
    expect(host.shared(budgets).get("cost_control")?.step).toBe(1);
    next.failNext(new RetryableError("busy"));
    await expect(part.consume(logs({ body: "new" }), context)).rejects.toThrow("busy");
    await part.consume(logs({ body: "new" }), context);
    const repeated = logs({ body: "new" }, { body: "new", severity: 17 });
    await part.consume(repeated, context);
    expect(repeated.dropped).toEqual(new Map([["duplicate", 1]]));
    await part.stop(context);
  });
});
