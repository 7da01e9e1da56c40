import type { Signal } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { attribute, logs, running, type Settings, text } from "../test/running.ts";

const plan = (value: string) => JSON.stringify({ Plan: { "Node Type": "Seq Scan", Filter: `(name = '${value}')` } });
const map = (key: string, value: string | object) => ({
  key: "m",
  value: { kvlistValue: { values: [attribute(key, value)] } },
});

/** One request for each place where an attribute can stand, below `makeSafe`'s reach and beyond it. */
function requestsWith(attributes: readonly object[]): readonly (readonly [string, Signal, object])[] {
  const span = (part: object) => ({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: "x", ...part }] }] }] });
  const metrics = (metric: object) => ({
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "m", ...metric }] }] }],
  });
  const points = (point: object) => ({ dataPoints: [{ timeUnixNano: "1", ...point }] });
  return [
    ["a record", "logs", logs([{ attributes }])],
    ["a body", "logs", logs([{ body: { kvlistValue: { values: attributes } } }])],
    ["a resource", "logs", logs([{}], { attributes })],
    ["a scope", "logs", { resourceLogs: [{ scopeLogs: [{ scope: { name: "s", attributes }, logRecords: [{}] }] }] }],
    ["a span", "traces", span({ attributes })],
    ["an event", "traces", span({ events: [{ name: "e", attributes }] })],
    ["a link", "traces", span({ links: [{ attributes }] })],
    ["a point of a gauge", "metrics", metrics({ gauge: points({ attributes }) })],
    ["a point of a histogram", "metrics", metrics({ histogram: points({ attributes }) })],
    ["a point of an exponential histogram", "metrics", metrics({ exponentialHistogram: points({ attributes }) })],
    ["an exemplar", "metrics", metrics({ sum: points({ exemplars: [{ filteredAttributes: attributes }] }) })],
    ["a metric", "metrics", metrics({ gauge: points({}), metadata: attributes })],
  ];
}

describe.each([
  ["statement", "db.query.text", (value: string) => `SELECT a FROM t WHERE name = '${value}'`, "WHERE name = ?"],
  ["plan", "postgresql.query_plan", plan, "(name = ?)"],
])("a %s", (_, key, make, expected) => {
  // So many bytes that the length of the attribute takes one, two and three.
  it.each([1, 20, 3000])("of %i words loses its constants wherever it stands", async (words) => {
    const { send } = running();
    const value = make(`Ada ${"Lovelace ".repeat(words)}`);
    for (const attributes of [[attribute(key, value)], [attribute("other", "x"), map(key, value)]]) {
      for (const [place, signal, request] of requestsWith(attributes)) {
        const { text: out } = await send(signal, request);
        expect(out, place).toContain(expected);
        expect(out, place).not.toContain("Ada");
      }
    }
  });

  it("loses them in lists and as bytes", async () => {
    const list = { arrayValue: { values: [text(make("Ada")), text(make("Grace"))] } };
    const bytes = { bytesValue: Buffer.from(make("Ada")).toString("base64") };
    const { text: out } = await running().send(
      "logs",
      logs([{ attributes: [attribute(key, list)] }, { attributes: [attribute(key, bytes)] }]),
    );
    expect(out.split(expected)).toHaveLength(3);
    expect(out).not.toMatch(/Ada|Grace/);
    const [encoded = ""] = /"bytesValue":"[^"]+"/.exec(out) ?? [];
    expect(Buffer.from(encoded.slice(14, -1), "base64").toString()).toContain(expected);
  });

  it("without constants stays, with the bytes of the batch", async () => {
    const { send } = running();
    const safe = key === "db.query.text" ? "SELECT a FROM t WHERE name = $1" : plan("Ada").replace("'Ada'", "$1");
    const { out } = await send("logs", logs([{ attributes: [attribute(key, safe)] }]));
    expect(out?.edited).toBe(false);
  });

  it("stays as it is while detecting, and where that is off", async () => {
    for (const settings of [{ mode: "detect" }, { sql: { enabled: false }, plans: { enabled: false } }] as Settings[]) {
      const { text: out } = await running(settings).send("logs", logs([{ attributes: [attribute(key, make("Ada"))] }]));
      expect(out).toContain("Ada");
    }
  });

  it("is counted", async () => {
    const { send, counted } = running();
    await send(
      "logs",
      logs([{ attributes: [attribute(key, make("Ada"))] }, { attributes: [attribute(key, make("B"))] }]),
    );
    expect(counted.get(key === "db.query.text" ? "statements" : "plans")).toBe(2);
  });
});

describe("the dialect", () => {
  const sql = 'SELECT "Ada" FROM t';

  it.each([
    ["db.system.name", "postgresql", 'SELECT \\"Ada\\" FROM t'],
    ["db.system", "mysql", "SELECT ? FROM t"],
    ["nothing", "", "SELECT ? FROM t"],
  ])(
    "is told by %s %s; a statement of no system loses what any dialect takes for a constant",
    async (name, system, expected) => {
      const attributes = [attribute("db.query.text", `${sql} WHERE a = 1`), attribute(name, system)];
      const { text: out } = await running().send("logs", logs([{ attributes }]));
      expect(out).toContain(expected);
    },
  );

  it("is told by the resource as well", async () => {
    const resource = { attributes: [attribute("db.system.name", "postgresql")] };
    const { text: out } = await running().send(
      "logs",
      logs([{ attributes: [attribute("db.query.text", sql)] }], resource),
    );
    expect(out).toContain('SELECT \\"Ada\\" FROM t');
  });
});

it("names can be others, with any characters", async () => {
  const name = "my.SQL-text (größer)";
  const { send } = running({ sql: { attributes: [name] } });
  for (const request of [
    logs([{ attributes: [attribute(name, "SELECT 'Ada'")] }]),
    logs([{ body: { kvlistValue: { values: [attribute(name, "SELECT 'Ada'")] } } }]),
  ]) {
    expect((await send("logs", request)).text).toContain("SELECT ?");
  }
});

it("of a utility statement only verb and object class stay", async () => {
  const { text: out } = await running().send(
    "logs",
    logs([{ attributes: [attribute("db.query.text", "SET app.user TO ada")] }]),
  );
  expect(out).toContain('"SET"');
});
