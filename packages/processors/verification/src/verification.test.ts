import { decode, decodeJson, encodeJson, logsBuilder } from "@dbintel/pdata";
import { createPipeline, defineProcessor } from "@dbintel/pipeline";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { attribute, logs, running, type Settings, text } from "../test/running.ts";
import { verification } from "./component.ts";

/** The body that a record with this body leaves with. */
async function through(body: string, settings: Settings = {}, key = "note") {
  const { send, counted } = running(settings);
  const { out, dropped } = await send("logs", logs([{ body: text(body), attributes: [attribute(key, body)] }]));
  if (out?.signal !== "logs") return { body: undefined, value: undefined, dropped, counted };
  const record = out.records();
  record.advance();
  return { body: record.body, value: record.attributes.get(key), dropped, counted };
}

const key = "0123456789abcdef0123456789abcdef";
const card = "4111 1111 1111 1111";

describe("modes", () => {
  const said = `jane@example.com paid with ${card}`;

  it.each<[Settings, string]>([
    [{}, "[REDACTED:email] paid with [REDACTED:payment_card]"],
    [{ mode: "mask" }, "****@example.com paid with **** **** **** 1111"],
    [{ mode: "detect" }, said],
    [{ sensitivity_level: "low" }, "jane@example.com paid with [REDACTED:payment_card]"],
    [{ entities: { email: "keep" } }, "jane@example.com paid with [REDACTED:payment_card]"],
    [{ mode: "detect", entities: { payment_card: "redact" } }, "jane@example.com paid with [REDACTED:payment_card]"],
  ])("%j", async (settings, expected) => {
    const { body, value, dropped } = await through(said, settings);
    expect([body, value, dropped]).toEqual([expected, expected, {}]);
  });

  it("hashes with a key, which is named, so that equal texts stay equal and nobody can guess them", async () => {
    const { body } = await through("jane@example.com", { mode: "hash", hash: { key, key_id: "2026-11" } });
    expect(body).toMatch(/^\[HASH:2026-11:[0-9a-f]{32}:email\]$/);
    expect((await through("jane@example.com", { mode: "hash", hash: { key, key_id: "2026-11" } })).body).toBe(body);
    const other = await through("jane@example.com", { mode: "hash", hash: { key: key.toUpperCase() } });
    expect(other.body).toMatch(/^\[HASH:[0-9a-f]{8}:[0-9a-f]{32}:email\]$/);
    expect(String(other.body).slice(-39)).not.toBe(String(body).slice(-39));
  });

  it("drops the item that has it, and that one alone", async () => {
    const { send } = running({ mode: "drop" });
    const { out, dropped } = await send("logs", logs([{ body: text("clean") }, { body: text(said) }]));
    expect(out?.count).toBe(1);
    expect(dropped).toEqual({ sensitive: 1 });
  });

  it.each(["redact", "mask", "hash"] as const)("%s finds nothing in what it wrote itself", async (mode) => {
    const settings: Settings = { mode, hash: { key }, sensitivity_level: "high" };
    const all = `${said} postgres://app:s3cret@db/x password=hunter2 IDENTIFIED BY 'x1y2' 203.0.113.9 {"token":"t0k3n"}`;
    const once = await through(all, settings);
    const twice = await through(String(once.body), settings);
    expect(twice.body).toBe(once.body);
    expect([...twice.counted]).toEqual([]);
  });
});

describe("everything that can hold a text", () => {
  const resource = { attributes: [attribute("owner", "r@example.com")] };
  const scope = { name: "n@example.com", version: "v@example.com", attributes: [attribute("s", "s@example.com")] };
  const nested = {
    kvlistValue: {
      values: [
        attribute("list", { arrayValue: { values: [text("a@example.com"), { bytesValue: "YkBleGFtcGxlLmNvbQ==" }] } }),
        attribute("card", { intValue: "4111111111111111" }),
        attribute("m@example.com", "under a name"),
      ],
    },
  };
  const requests = {
    logs: {
      resourceLogs: [
        {
          resource,
          scopeLogs: [
            {
              scope,
              logRecords: [
                {
                  body: nested,
                  severityText: "t@example.com",
                  eventName: "e@example.com",
                  attributes: [attribute("x", nested)],
                },
              ],
            },
          ],
        },
      ],
    },
    traces: {
      resourceSpans: [
        {
          resource,
          scopeSpans: [
            {
              scope,
              spans: [
                {
                  name: "n@example.com",
                  traceState: "k=t@example.com",
                  attributes: [attribute("x", nested)],
                  events: [{ name: "e@example.com", attributes: [attribute("x", nested)] }],
                  links: [{ traceState: "k=l@example.com", attributes: [attribute("x", nested)] }],
                  status: { code: 2, message: "m@example.com" },
                },
              ],
            },
          ],
        },
      ],
    },
    metrics: {
      resourceMetrics: [
        {
          resource,
          scopeMetrics: [
            {
              scope,
              metrics: [
                {
                  name: "n@example.com",
                  description: "d@example.com",
                  metadata: [attribute("x", nested)],
                  sum: {
                    dataPoints: [
                      {
                        asInt: "4111111111111111",
                        attributes: [attribute("x", nested)],
                        exemplars: [{ asInt: "1", filteredAttributes: [attribute("x", nested)] }],
                      },
                    ],
                  },
                },
                { name: "h", histogram: { dataPoints: [{ count: "1", attributes: [attribute("x", nested)] }] } },
                {
                  name: "e",
                  exponentialHistogram: {
                    dataPoints: [
                      { count: "1", scale: 1, exemplars: [{ filteredAttributes: [attribute("x", nested)] }] },
                    ],
                  },
                },
                { name: "s", summary: { dataPoints: [{ count: "1", attributes: [attribute("x", nested)] }] } },
              ],
            },
          ],
        },
      ],
    },
  } as const;

  it.each(["logs", "traces", "metrics"] as const)("is cleaned in %s", async (signal) => {
    const { send, counted } = running();
    const { text: out, dropped } = await send(signal, requests[signal]);
    expect(dropped).toEqual({});
    expect(out).not.toContain("@example.com");
    expect(out).not.toContain('"intValue":"4111111111111111"');
    expect(out).not.toContain("YkBleGFtcGxlLmNvbQ==");
    expect(out).toContain("[REDACTED:email]");
    expect([...counted.keys()].filter((name) => name.startsWith("violations"))).toEqual([]);
  });

  it("counts by entity, action and scope, never by value", async () => {
    const { send, counted } = running();
    await send("traces", requests.traces);
    expect(Object.fromEntries(counted)).toEqual({
      "findings email redact resource": 1,
      "findings email redact scope": 3,
      "findings email redact name": 2,
      "findings email redact attributes": 3,
      "findings email redact event": 4,
      "findings email redact link": 4,
      "findings email redact status": 1,
      "findings payment_card redact attributes": 1,
      "findings payment_card redact event": 1,
      "findings payment_card redact link": 1,
    });
  });

  it.each(["4111111111111111", "378282246310005", "30569309025904"])(
    "is cleaned when all it has is the number %s",
    async (number) => {
      const { send } = running();
      const { text: out } = await send("logs", logs([{ attributes: [attribute("n", { intValue: number })] }]));
      expect(out).toContain("[REDACTED:payment_card]");
    },
  );

  it("leaves a clean batch the very same bytes", async () => {
    const request = decodeJson("logs", Buffer.from(JSON.stringify(logs([{ body: text("nothing here") }]))));
    const { out } = await running().consume(request);
    expect(out?.encode()).toBe(request.encode());
  });

  it("drops all below a resource when the resource has it", async () => {
    const { send } = running({ mode: "drop" });
    const { out, dropped } = await send("logs", logs([{ body: text("a") }, { body: text("b") }], resource));
    expect(out).toBeUndefined();
    expect(dropped).toEqual({ sensitive: 2 });
  });
});

describe("names", () => {
  it.each<[string, object]>([
    ["password", { stringValue: "correct horse" }],
    ["user.passwordHash", { stringValue: "abc" }],
    ["api_key", { intValue: "7" }],
    ["cvv", { doubleValue: 123 }],
    ["secret", { boolValue: true }],
    ["credentials", { bytesValue: "YWJj" }],
    ["token", { arrayValue: { values: [{ kvlistValue: { values: [attribute("inner", "abc")] } }] } }],
    ["db.query.parameter.name", { stringValue: "Jane" }],
  ])("%s make any value sensitive", async (name, value) => {
    const { send, counted } = running();
    const { text: out } = await send("logs", logs([{ attributes: [{ key: name, value }] }]));
    expect(JSON.stringify(value)).not.toContain("REDACTED");
    const replaced =
      "bytesValue" in value ? Buffer.from("[REDACTED:sensitive_key]").toString("base64") : "[REDACTED:sensitive_key]";
    expect(out).toContain(replaced);
    expect(Object.fromEntries(counted)).toEqual({ "findings sensitive_key redact attributes": 1 });
  });

  it("can be added, with stars", async () => {
    const { send } = running({ sensitive_keys: ["acme.*.internal"] });
    const { text: out } = await send("logs", logs([{ attributes: [attribute("Acme.x.internal", "plain words")] }]));
    expect(out).toContain("[REDACTED:sensitive_key]");
  });

  it("are left alone when the value is empty or was replaced before", async () => {
    const { send, counted } = running();
    await send("logs", logs([{ attributes: [attribute("password", ""), attribute("token", "[REDACTED]")] }]));
    expect([...counted]).toEqual([]);
  });

  it("may be kept, and what is in them is still scanned", async () => {
    const { send } = running({ entities: { sensitive_key: "keep" } });
    const { text: out } = await send(
      "logs",
      logs([{ attributes: [attribute("token", `count 5 by jane@example.com`)] }]),
    );
    expect(out).toContain("count 5 by [REDACTED:email]");
  });
});

describe("places", () => {
  it("have modes of their own, the first that fits", async () => {
    const settings: Settings = {
      fields: [
        { keys: ["contact.*"], scopes: ["attributes"], mode: "mask" },
        { scopes: ["body"], entities: ["email"], mode: "keep" },
      ],
    };
    const { body, value } = await through(`jane@example.com ${card}`, settings, "contact.mail");
    expect(body).toBe("jane@example.com [REDACTED:payment_card]");
    expect(value).toBe("****@example.com **** **** **** 1111");
  });
});

describe("allowed texts", () => {
  it.each<[Settings["allow"], string]>([
    [[{ value: "help@example.com" }], "help@example.com [REDACTED:email] [REDACTED:payment_card]"],
    [[{ pattern: ".*@example\\.com" }], "help@example.com jane@example.com [REDACTED:payment_card]"],
    [[{ pattern: "help" }], "[REDACTED:email] [REDACTED:email] [REDACTED:payment_card]"],
    [[{ keys: ["other"], entities: ["email"] }], "[REDACTED:email] [REDACTED:email] [REDACTED:payment_card]"],
    [[{ keys: ["note"], entities: ["email"] }], "help@example.com jane@example.com [REDACTED:payment_card]"],
  ])("%j speak of one finding and of nothing beside it", async (allow, expected) => {
    const { value, dropped } = await through(`help@example.com jane@example.com ${card}`, {
      allow: allow ?? [],
      entities: { sensitive_key: "redact" },
      fields: [{ scopes: ["body"], mode: "redact" }],
    });
    expect(value).toBe(expected);
    expect(dropped).toEqual({});
  });
});

describe("patterns of one's own", () => {
  it("are entities like the others", async () => {
    const settings: Settings = {
      custom_patterns: [{ name: "badge", pattern: "\\bEMP-[0-9]{6}\\b" }],
      entities: { badge: "mask" },
    };
    expect((await through("by EMP-123456", settings)).body).toBe("by ********");
  });
});

describe("statements", () => {
  it("lose their constants by their structure, whatever they look like", async () => {
    const { send, counted } = running();
    const sql = "SELECT * FROM t WHERE name = 'Ada Lovelace' /* for ada */ AND n = 42";
    const { text: out } = await send("logs", logs([{ attributes: [attribute("db.query.text", sql)] }]));
    expect(out).toContain("SELECT * FROM t WHERE name = ? AND n = ?");
    expect(counted.get("statements")).toBe(1);
  });

  it("that are utility statements keep their verb and object class", async () => {
    const { send } = running();
    const sql = "ALTER ROLE app WITH PASSWORD 'S3cretPw!'";
    const { text: out } = await send("traces", {
      resourceSpans: [{ scopeSpans: [{ spans: [{ name: "x", attributes: [attribute("db.statement", sql)] }] }] }],
    });
    expect(out).toContain('"ALTER ROLE"');
    expect(out).not.toContain("S3cretPw");
  });

  it.each([
    ["SELECT 'Ada' FROM t", "SELECT ? FROM t"],
    ['SELECT "Ada" FROM t', "SELECT ? FROM t"],
    ["SELECT 'it\\'s Ada' FROM t", '"?"'],
  ])(
    "in events, exemplars and maps, where no system is told, lose what any dialect takes for a constant: %s",
    async (sql, expected) => {
      const attributes = [attribute("db.query.text", sql)];
      const inMap = [{ key: "m", value: { kvlistValue: { values: attributes } } }];
      const span = { name: "x", events: [{ name: "e", attributes }], attributes: inMap };
      const { text: spans } = await running().send("traces", { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
      const point = { asInt: "1", exemplars: [{ filteredAttributes: attributes }] };
      const metric = { name: "g", gauge: { dataPoints: [point] } };
      const { text: points } = await running().send("metrics", {
        resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }],
      });
      for (const out of [spans, points]) {
        expect(out).toContain(expected);
        expect(out).not.toContain("Ada");
      }
    },
  );

  it("stay as they are while detecting", async () => {
    const { send } = running({ mode: "detect" });
    const { text: out } = await send("logs", logs([{ attributes: [attribute("db.query.text", "SELECT 'Ada'")] }]));
    expect(out).toContain("SELECT 'Ada'");
  });

  it("without constants are not touched, nor are any where that is off", async () => {
    const safe = logs([{ attributes: [attribute("db.query.text", "SELECT a FROM t WHERE b = $1")] }]);
    const { send, counted } = running();
    expect((await send("logs", safe)).out?.edited).toBe(false);
    expect(counted.get("statements")).toBeUndefined();
    const off = running({ sql: { enabled: false } });
    const { text: out } = await off.send("logs", logs([{ attributes: [attribute("db.query.text", "SELECT 'Ada'")] }]));
    expect(out).toContain("SELECT 'Ada'");
  });
});

describe("the last look", () => {
  /** A request with a field that OTLP does not know, in a record. */
  function unknownField(value: string) {
    const record = Buffer.concat([Buffer.from([0xfa, 0x01, value.length]), Buffer.from(value)]);
    const wrap = (field: number, content: Buffer) =>
      Buffer.concat([Buffer.from([(field << 3) | 2, content.length]), content]);
    const clean = wrap(2, wrap(5, wrap(1, Buffer.from("clean"))));
    return decode("logs", wrap(1, wrap(2, Buffer.concat([clean, wrap(2, record)]))));
  }

  it("drops the item in which something is left that nobody could edit", async () => {
    const { consume, counted } = running();
    const { out, dropped } = await consume(unknownField("jane@example.com"));
    expect(out?.count).toBe(1);
    expect(dropped).toEqual({ verification: 1 });
    expect(Object.fromEntries(counted)).toEqual({ "violations email processor": 1 });
  });

  it("can be turned off, and changes nothing while detecting", async () => {
    for (const settings of [{ verify_payload: false }, { mode: "detect" }] as const) {
      const { dropped } = await running(settings).consume(unknownField("jane@example.com"));
      expect(dropped).toEqual({});
    }
  });
});

describe("the exit of the pipeline", () => {
  /** A processor behind `verification` that sets an attribute. */
  const adding = (key: string, value: string) =>
    defineProcessor({
      type: "adding",
      description: "Adds an attribute.",
      signals: { logs: "beta" },
      schema: z.strictObject({}),
      create: ({ next }) => ({
        start: async () => {},
        stop: async () => {},
        consume: (batch, context) => {
          if (batch.signal === "logs") {
            for (const { attributes } of batch.records()) if (attributes.has("mark")) attributes.set(key, value);
          }
          return next.consume(batch, context);
        },
      }),
    })({});

  async function through(settings: Settings, key: string, value: string) {
    const host = createTestHost();
    const sink = new Sink<"logs">();
    await using pipeline = createPipeline({
      processors: [verification(settings), adding(key, value)],
      exporter: { logs: sink },
      host: { logger: host.logger, clock: host.clock },
    });
    const records = [{ body: text("clean") }, { body: text("clean"), attributes: [attribute("mark", "x")] }];
    for (let round = 0; round < 2; round++) {
      await pipeline.logs.consume(decodeJson("logs", JSON.stringify(logs(records))));
    }
    const exporter = pipeline.accounting().find(({ kind }) => kind === "exporter");
    return {
      out: sink.batches.map((out) => Buffer.from(encodeJson(out)).toString()).join(),
      dropped: Object.fromEntries(exporter?.ledger.of("logs").dropped ?? []),
      lines: host.lines.filter(({ level }) => level === "error"),
    };
  }

  it("blocks what a later processor has added, and says so", async () => {
    const { out, dropped, lines } = await through({}, "owner", "jane@example.com");
    expect(out).not.toContain("jane@example.com");
    expect(out.split('"clean"')).toHaveLength(3);
    expect(dropped).toEqual({ verification: 2 });
    expect(lines).toMatchObject([{ fields: { entities: ["email"], items: 1 } }]);
    expect(JSON.stringify(lines)).not.toContain("jane");
  });

  it("blocks a canary there as well", async () => {
    const { dropped } = await through({ canaries: ["canary-9f2c-ulterior"] }, "owner", "a canary-9f2c-ulterior b");
    expect(dropped).toEqual({ verification: 2 });
  });

  it.each<[Settings, string]>([
    [{}, "nothing to see"],
    [{ mode: "detect" }, "jane@example.com"],
    [{ verify_payload: false }, "jane@example.com"],
    [{ entities: { email: "keep" } }, "jane@example.com"],
    [{ allow: [{ value: "jane@example.com" }] }, "jane@example.com"],
    [{ fields: [{ keys: ["owner"], mode: "keep" }] }, "jane@example.com"],
  ])("lets pass what %j lets pass", async (settings, value) => {
    const { out, dropped, lines } = await through(settings, "owner", value);
    expect(out.split(value)).toHaveLength(3);
    expect([dropped, lines]).toEqual([{}, []]);
  });

  it("keeps blocking what stands elsewhere than where it may", async () => {
    const { dropped } = await through({ fields: [{ keys: ["owner"], mode: "keep" }] }, "other", "jane@example.com");
    expect(dropped).toEqual({ verification: 2 });
  });
});

describe("canaries", () => {
  const canary = "canary-9f2c-ulterior";

  it("are counted coming in, and blocked where one would leave", async () => {
    const { send, counted } = running({ canaries: [canary] });
    const { out, dropped } = await send("logs", logs([{ body: text(`a ${canary} b`) }, { body: text("clean") }]));
    expect(out?.count).toBe(1);
    expect(dropped).toEqual({ verification: 1 });
    expect(Object.fromEntries(counted)).toEqual({
      "canaries incoming": 1,
      "canaries outgoing": 1,
      "violations canary processor": 1,
    });
  });

  it("that a detector catches do not pass", async () => {
    const { send, counted } = running({ canaries: ["canary@example.com"] });
    const { dropped } = await send("logs", logs([{ body: text("for canary@example.com") }]));
    expect(dropped).toEqual({});
    expect(counted.get("canaries incoming")).toBe(1);
    expect(counted.get("canaries outgoing")).toBeUndefined();
  });

  it("are only counted while detecting", async () => {
    const { send, counted } = running({ mode: "detect", canaries: [canary] });
    const { dropped } = await send("logs", logs([{ body: text(canary) }]));
    expect(dropped).toEqual({});
    expect(counted.get("canaries outgoing")).toBe(1);
  });
});

it("logs nothing", async () => {
  const { host, consume } = running();
  await consume(
    logsBuilder().resource({ attributes: {} }).scope({ name: "x" }).record({ body: "a@example.com" }).build(),
  );
  expect(host.lines).toEqual([]);
});
