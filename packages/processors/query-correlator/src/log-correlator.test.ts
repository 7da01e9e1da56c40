import { type AnyValue, type LogRecord, type LogRecordInit, type Logs, logsBuilder } from "@dbintel/pdata";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { queryCorrelator } from "./component.ts";
import type { queryCorrelatorConfig } from "./config.ts";

const second = 1_000_000_000n;
const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const traceparent = `00-${traceId}-${spanId}-01`;

/** What goes out for the records that come in. */
async function through(records: readonly LogRecordInit[], config: z.input<typeof queryCorrelatorConfig> = {}) {
  const sink = new Sink<"logs">();
  const { definition, config: settings } = queryCorrelator(config);
  const host = createTestHost();
  const processor = definition.create({ id: "query_correlator", config: settings, host, signal: "logs", next: sink });
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (const record of records) builder.record(record);
  const batch = builder.build();
  await processor.consume(batch, { signal: new AbortController().signal });
  return sink.batches[0] as Logs;
}

function read<T>(batch: Logs, look: (record: LogRecord) => T): readonly T[] {
  const found: T[] = [];
  for (const record of batch.records()) found.push(look(record));
  return found;
}

const attributes = (record: LogRecord): Readonly<Record<string, AnyValue>> =>
  Object.fromEntries(record.attributes.entries());
const share = (record: LogRecord) => record.attributes.getDouble("db.query.load.share");
const trace = ({ traceId: trace, spanId: span, flags }: LogRecord) => [trace, span, flags];

/** A record of `db.server.top_query`. */
function top(seconds: number, calls: bigint, others: Readonly<Record<string, AnyValue>> = {}): LogRecordInit {
  return {
    timeUnixNano: 100n * second,
    eventName: "db.server.top_query",
    attributes: {
      "db.system.name": "postgresql",
      "db.namespace": "shop",
      "postgresql.calls": calls,
      "postgresql.total_exec_time": seconds,
      "dbintel.interval.start_time_unix_nano": 90n * second,
      ...others,
    },
  };
}

describe("the text of a statement", () => {
  it("gives fingerprint, summary, operation and tables", async () => {
    const text = "select * from sales.orders o join items i on i.id = o.item where o.id = $1";
    const [record] = read(await through([{ attributes: { "db.query.text": text } }]), attributes);
    expect(record).toEqual({
      "db.query.text": text,
      "db.query.fingerprint": expect.stringMatching(/^v1:/),
      "db.query.summary": "select sales.orders items",
      "db.operation.name": "SELECT",
      "db.query.tables": ["sales.orders", "items"],
      "db.query.is_maintenance": false,
    });
  });

  it("tells upkeep from statements that only mention it", async () => {
    const texts = ["VACUUM orders", "SELECT * FROM vacuum_log"];
    const out = await through(texts.map((text) => ({ attributes: { "db.query.text": text } })));
    expect(read(out, attributes)).toMatchObject([
      { "db.query.is_maintenance": true, "db.query.maintenance.operation": "vacuum", "db.collection.name": "orders" },
      { "db.query.is_maintenance": false, "db.collection.name": "vacuum_log" },
    ]);
  });

  it("does not overwrite what the record says", async () => {
    const said = { "db.query.text": "SELECT 1 FROM t", "db.query.fingerprint": "mine", "db.collection.name": "other" };
    expect(read(await through([{ attributes: said }]), attributes)).toMatchObject([said]);
  });

  it("is read by the dialect of its server", async () => {
    const given = { "db.system.name": "mysql", "db.query.text": "SELECT * FROM `my table`" };
    expect(read(await through([{ attributes: given }]), attributes)).toMatchObject([
      { "db.collection.name": "my table" },
    ]);
  });
});

describe("the load", () => {
  it("is shared by the statements of a database and the row of all others", async () => {
    const out = await through([
      top(6, 3n, { "db.query.text": "SELECT 1 FROM t" }),
      top(1, 100n),
      top(0.25, 2n),
      top(2.75, 100n, { "dbintel.delta.kind": "other" }),
      top(5, 5n, { "db.namespace": "crm" }),
      { ...top(7, 7n), timeUnixNano: 110n * second },
    ]);
    expect(read(out, share)).toEqual([0.6, 0.1, 0.025, 0.275, 1, 1]);
    const all = read(out, attributes);
    expect(all.map((record) => record["db.query.load.category"])).toEqual([
      "heavy",
      "notable",
      "light",
      undefined,
      "heavy",
      "heavy",
    ]);
    expect(all.map((record) => record["db.query.performance.category"])).toEqual([
      "slow",
      "fast",
      "moderate",
      undefined,
      "slow",
      "slow",
    ]);
    expect(all[0]).toMatchObject({ "db.query.load.sessions": 0.6 });
  });

  it("is known of MySQL's digests too", async () => {
    const digest = (seconds: number) => ({
      attributes: {
        "db.system.name": "mysql",
        "mysql.events_statements_summary_by_digest.count_star": 2n,
        "mysql.events_statements_summary_by_digest.sum_timer_wait": seconds,
      },
    });
    expect(read(await through([digest(3), digest(1)]), share)).toEqual([0.75, 0.25]);
  });

  it("has no shares where no time passed, nor of samples", async () => {
    const sample = { attributes: { "db.query.text": "SELECT 1", "postgresql.total_exec_time": 12 } };
    expect(read(await through([top(0, 0n), sample]), share)).toEqual([undefined, undefined]);
  });
});

describe("a trace", () => {
  const commented = `SELECT 1 /*traceparent='${traceparent}'*/`;

  it.each<[string, Readonly<Record<string, AnyValue>>]>([
    ["a comment", { "db.query.text": commented }],
    ["application_name", { "postgresql.application_name": traceparent }],
  ])("named by %s is linked", async (_, given) => {
    expect(read(await through([{ attributes: given }]), trace)).toEqual([[traceId, spanId, 1]]);
  });

  it("that the record has stays", async () => {
    const own = { traceId: "1".repeat(32), spanId: "2".repeat(16), attributes: { "db.query.text": commented } };
    expect(read(await through([own]), trace)).toEqual([["1".repeat(32), "2".repeat(16), 0]]);
  });

  it("of a statement that began too long ago is not linked", async () => {
    const at = (start: string): LogRecordInit => ({
      timeUnixNano: BigInt(Date.parse("2026-01-01T12:00:00Z")) * 1_000_000n,
      attributes: { "postgresql.application_name": traceparent, "postgresql.query_start": start },
    });
    const out = await through([at("2026-01-01T11:49:59Z"), at("2026-01-01T13:50:01+02:00")]);
    expect(read(out, (record) => record.traceId)).toEqual(["", traceId]);
  });

  it("in the text of counters is that of one execution only", async () => {
    expect(read(await through([top(1, 1n, { "db.query.text": commented })]), trace)).toEqual([["", "", 0]]);
  });

  it("is not linked when that is off", async () => {
    const out = await through([{ attributes: { "db.query.text": commented } }], { trace_links: { enabled: false } });
    expect(read(out, trace)).toEqual([["", "", 0]]);
  });
});

it("leaves other records as they are, byte for byte", async () => {
  const others = [
    { body: "SELECT 1", attributes: { a: "b" } },
    { attributes: { "postgresql.application_name": "psql" } },
  ];
  const out = await through(others);
  expect(out.edited).toBe(false);
  expect(out.count).toBe(2);
});
