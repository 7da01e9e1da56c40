import { type BatchOf, logsBuilder, metricsBuilder, type Signal, tracesBuilder } from "@dbintel/pdata";
import { createPipeline } from "@dbintel/pipeline";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { filter } from "./component.ts";
import type { filterConfig } from "./config.ts";

const never = new AbortController().signal;

/** Runs a batch through a filter; what came out, and what was dropped. */
async function run<S extends Signal>(signal: S, batch: BatchOf[S], config: z.input<typeof filterConfig>) {
  const next = new Sink<S>();
  const { definition, config: checked } = filter(config);
  const processor = definition.create({ id: "filter", config: checked, host: createTestHost(), signal, next });
  await processor.start({ signal: never });
  await processor.consume(batch, { signal: never });
  await processor.stop({ signal: never });
  return { batches: next.batches, dropped: Object.fromEntries(batch.dropped) };
}

const severities = [5, 9, 13, 17];

function logs() {
  const builder = logsBuilder()
    .resource({ attributes: { env: "prod" } })
    .scope({ name: "s" });
  for (const severityNumber of severities) {
    builder.record({
      severityNumber,
      body: `level ${severityNumber}`,
      attributes: severityNumber > 9 ? { alert: true } : {},
    });
  }
  return builder.build();
}

describe("logs", () => {
  it.each<[readonly string[], readonly number[]]>([
    [["severity_number < SEVERITY_NUMBER_INFO"], [9, 13, 17]],
    [
      ["severity_number == 5", "severity_number == 17"],
      [9, 13],
    ],
    [
      ["severity_number == 5", "severity_number == 5"],
      [9, 13, 17],
    ],
    [['attributes["alert"]'], [5, 9]],
    [['!("alert" in attributes)'], [13, 17]],
    // Absent is neither true nor false: kept.
    [['!attributes["alert"]'], severities],
    [['attributes["other"] != 1'], severities],
    [['body.matches("level 1[37]")'], [5, 9]],
    [['resource.attributes["env"] == "test"'], severities],
    [["false"], severities],
  ])("%j keeps %j", async (log_record, kept) => {
    const { batches, dropped } = await run("logs", logs(), { logs: { log_record: [...log_record] } });
    const seen = batches.flatMap((batch) => Array.from(batch.records(), (record) => record.severityNumber));
    expect(seen).toEqual(kept);
    const gone = severities.length - kept.length;
    expect(dropped).toEqual(gone === 0 ? {} : { filtered: gone });
  });

  it("passes nothing on when nothing is left", async () => {
    const { batches, dropped } = await run("logs", logs(), { logs: { log_record: ["true"] } });
    expect(batches).toEqual([]);
    expect(dropped).toEqual({ filtered: 4 });
  });

  it("is accounted for in a pipeline, and leaves the caller's batch as it was", async () => {
    const output = new Sink<"logs">();
    const pipeline = createPipeline({
      processors: [filter({ logs: { log_record: ["severity_number < 10"] } })],
      exporter: { logs: output },
    });
    const batch = logs();
    await pipeline.logs.consume(batch);
    expect(await pipeline.stop()).toEqual([]);
    const ledger = pipeline
      .accounting()
      .find(({ id }) => id === "filter")
      ?.ledger.of("logs");
    expect(ledger).toMatchObject({ received: 4, sent: 2, dropped: new Map([["filtered", 2]]), refused: 0, held: 0 });
    expect([output.items, batch.count]).toEqual([2, 4]);
  });

  it("passes on untouched what it has no conditions for", async () => {
    const batch = logs();
    const { batches } = await run("logs", batch, { traces: { span: ["true"] } });
    expect(batches).toEqual([batch]);
    expect(batch.count).toBe(4);
  });
});

describe("traces", () => {
  it("drops spans", async () => {
    const builder = tracesBuilder().resource({ attributes: {} }).scope({ name: "s" });
    for (const [index, name] of ["GET /health", "GET /cart", "POST /cart"].entries()) {
      builder.span({
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: `b7ad6b716920333${index}`,
        name,
        startTimeUnixNano: 0n,
        endTimeUnixNano: BigInt(index) * 1_000_000n,
      });
    }
    const { batches, dropped } = await run("traces", builder.build(), {
      traces: { span: ['name.endsWith("/health")', 'duration > duration("1ms")'] },
    });
    expect(batches.flatMap((batch) => Array.from(batch.spans(), (span) => span.name))).toEqual(["GET /cart"]);
    expect(dropped).toEqual({ filtered: 2 });
  });
});

describe("metrics", () => {
  const point = (state: string, value: bigint) => ({ timeUnixNano: 1n, value, attributes: { state } });
  const metrics = () =>
    metricsBuilder()
      .resource({ attributes: {} })
      .scope({ name: "s" })
      .gauge({ name: "backends" }, [point("idle", 0n), point("active", 3n)])
      .sum({ name: "commits", monotonic: true, temporality: "cumulative" }, [point("", 7n), point("", 8n)])
      .build();

  it.each<[z.input<typeof filterConfig>["metrics"], readonly string[]]>([
    [{ metric: ['metric.name == "commits"'] }, ["backends 0", "backends 3"]],
    [{ datapoint: ["value == 0"] }, ["backends 3", "commits 7", "commits 8"]],
    [{ datapoint: ['metric.name == "backends"'] }, ["commits 7", "commits 8"]],
    [{ metric: ['metric.type == "sum"'], datapoint: ['attributes["state"] == "active"'] }, ["backends 0"]],
  ])("%j keeps %j", async (conditions, kept) => {
    const { batches, dropped } = await run("metrics", metrics(), { metrics: conditions });
    const seen = batches.flatMap((batch) =>
      Array.from(batch.points(), ({ metric, value }) => `${metric.name} ${value}`),
    );
    expect(seen).toEqual(kept);
    expect(dropped).toEqual({ filtered: 4 - kept.length });
  });

  it("passes nothing on when the metrics are gone", async () => {
    const { batches, dropped } = await run("metrics", metrics(), { metrics: { metric: ["true"] } });
    expect(batches).toEqual([]);
    expect(dropped).toEqual({ filtered: 4 });
  });
});
