import { type AnyValue, type LogRecord, type Logs, logsBuilder } from "@dbintel/pdata";
import { createTestHost, FakeClock, Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { planAttributeExtractor } from "./component.ts";
import type { planAttributeExtractorConfig } from "./config.ts";

const plan = {
  "Node Type": "Seq Scan",
  "Relation Name": "customers",
  Alias: "customers",
  "Startup Cost": 0,
  "Total Cost": 25.5,
  "Plan Rows": 7,
  "Plan Width": 36,
  Filter: "(email = 'ada@example.com'::text)",
};
const explained = JSON.stringify([{ Plan: plan }]);
const logged = `duration: 12.5 ms  plan:\n${JSON.stringify({ "Query Text": "SELECT 'ada@example.com'", Plan: plan })}`;

type Given = { readonly body?: AnyValue; readonly attributes?: Readonly<Record<string, AnyValue>> };

/** What goes out for the records that come in. */
async function through(
  given: readonly Given[],
  config: z.input<typeof planAttributeExtractorConfig> = {},
  resource: Readonly<Record<string, AnyValue>> = {},
) {
  const clock = new FakeClock();
  const sink = new Sink<"logs">();
  const factory = planAttributeExtractor(config);
  const processor = factory.definition.create({
    id: "plan_attribute_extractor",
    config: factory.config,
    host: createTestHost({ clock }),
    signal: "logs",
    next: sink,
  });
  const builder = logsBuilder().resource({ attributes: resource }).scope({ name: "test" });
  for (const { body, attributes = {} } of given)
    builder.record({ ...(body === undefined ? {} : { body }), attributes });
  await processor.consume(builder.build(), { signal: new AbortController().signal });
  const out = sink.batches[0] as Logs;
  return { records: [...out.records()].length, read: <T>(look: (record: LogRecord) => T) => looks(out, look), out };
}

function looks<T>(batch: Logs, look: (record: LogRecord) => T): readonly T[] {
  const found: T[] = [];
  for (const record of batch.records()) found.push(look(record));
  return found;
}

const all = (record: LogRecord): Readonly<Record<string, AnyValue>> => ({
  body: record.body,
  ...Object.fromEntries(record.attributes.entries()),
});

describe("a record with a plan", () => {
  it.each([
    ["in an attribute", { attributes: { plan_json: explained } }],
    ["as its body", { body: explained }],
    ["as a message of auto_explain", { body: logged }],
  ])("%s gets what the plan says, and loses its constants", async (_, given) => {
    const { read, out } = await through([given]);
    expect(read(all)[0]).toMatchObject({
      "db.query.plan.operation": "Seq Scan",
      "db.query.plan.cost": 25.5,
      "db.query.plan.width": 36n,
      "db.query.plan.has_seq_scan": true,
      "db.query.plan.hash": expect.stringMatching(/^v1:[0-9a-f]{64}$/),
    });
    expect(Buffer.from(out.encode()).includes("ada@example.com")).toBe(false);
  });

  it("keeps the tree in the plan's place, or nothing", async () => {
    const given = [{ attributes: { plan_json: explained } }, { body: explained }];
    const kept = (await through(given)).read(({ body, attributes }) => attributes.getString("plan_json") ?? body);
    for (const tree of kept) {
      expect(JSON.parse(String(tree))).toMatchObject({
        relation: "customers",
        conditions: [{ role: "filter", text: "(email = ?::text)" }],
      });
    }
    const removed = (await through(given, { plan_output: "removed" })).read(all);
    expect(removed.map((record) => record.body)).toEqual([null, null]);
    expect(removed.some((record) => "plan_json" in record)).toBe(false);
  });

  it("is handed on as text that is no JSON: New Relic takes JSON in an attribute apart, and drops it (defect 15)", async () => {
    const given = [{ attributes: { "postgresql.query_plan": explained } }, { body: explained }];
    const { read, out } = await through(given, { plan_output: "text" });
    const texts = read(({ body, attributes }) => String(attributes.getString("postgresql.query_plan") ?? body));
    for (const text of texts) {
      expect(text).toMatch(/^Seq Scan on customers \(cost=25\.5 rows=\d+\)\n {5}filter: \(email = \?::text\)$/);
      expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    }
    expect(Buffer.from(out.encode()).includes("ada@example.com")).toBe(false);
  });

  it("is told its statement where the plan came with it", async () => {
    const [record] = (await through([{ body: logged }])).read(all);
    expect(record).toMatchObject({
      "db.query.text": "SELECT ?",
      "db.query.fingerprint": expect.stringMatching(/^v1:/),
    });
  });

  it.each<[string, AnyValue, string]>([
    ["cut off", explained.slice(0, -5), "malformed"],
    ["without a plan", '{"a": 1}', "no_plan"],
    ["too long", `[${" ".repeat(2000)}${explained.slice(1)}`, "too_large"],
    ["no text", 5n, "no_text"],
  ])("that is %s goes on without it", async (_, value, reason) => {
    const { read } = await through([{ attributes: { plan_json: value, kept: "x" } }], { max_plan_size: "1KiB" });
    expect(read(all)).toEqual([{ body: null, kept: "x", "db.query.plan.unread_reason": reason }]);
  });

  it("has only one read, and no other left", async () => {
    const [record] = (await through([{ attributes: { plan_json: explained, "db.query.plan": explained } }])).read(all);
    expect(record).toMatchObject({ plan_json: expect.stringContaining("customers") });
    expect(record).not.toHaveProperty(["db.query.plan"]);
  });

  it("has findings with evidence and what to do", async () => {
    const large = { ...plan, "Plan Rows": 1, "Actual Rows": 1, "Actual Loops": 1, "Rows Removed by Filter": 900_000 };
    const value = JSON.stringify([{ Plan: large }]);
    const [findings] = (await through([{ attributes: { plan_json: value } }])).read((record) =>
      record.attributes.get("db.query.plan.findings"),
    );
    const ids = (findings as readonly ReadonlyMap<string, AnyValue>[]).map((finding) => finding.get("id"));
    expect(ids).toContain("large_sequential_scan");
    const [none] = (await through([{ attributes: { plan_json: value } }], { findings: false })).read((record) =>
      record.attributes.has("db.query.plan.findings"),
    );
    expect(none).toBe(false);
  });
});

describe("a record without a plan", () => {
  it("keeps its body, whatever it looks like", async () => {
    const bodies = ["duration: 12 ms", "-> nothing", "{}", '{"message": "plan B"}', "[1]", "", 5n];
    const { read } = await through(bodies.map((body) => ({ body })));
    expect(read((record) => record.body)).toEqual(bodies);
  });

  it("has its statements made safe, as the system of its record or resource writes them", async () => {
    const text = 'SELECT a FROM t WHERE b = "x" -- ada';
    const given = [
      { attributes: { "db.statement": text, "db.system.name": "mysql" } },
      { attributes: { query_text: text } },
    ];
    const found = (await through(given, {}, { "db.system": "postgresql" })).read(all);
    expect(found[0]?.["db.statement"]).toBe("SELECT a FROM t WHERE b = ?");
    expect(found[1]?.query_text).toBe('SELECT a FROM t WHERE b = "x"');
    const quoted = (await through(given.slice(0, 1), { ansi_quotes: true })).read(all);
    expect(quoted[0]?.["db.statement"]).toBe('SELECT a FROM t WHERE b = "x"');
  });

  it("keeps a fingerprint that it has, and its statement where that is asked for", async () => {
    const attributes = { "db.query.text": "SELECT 1", "db.query.fingerprint": "mine" };
    expect((await through([{ attributes }])).read(all)).toEqual([
      { body: null, "db.query.text": "SELECT ?", "db.query.fingerprint": "mine" },
    ]);
    const off = await through([{ attributes }], { query_anonymization: { enabled: false } });
    expect(off.read(all)).toEqual([{ body: null, ...attributes }]);
  });
});
