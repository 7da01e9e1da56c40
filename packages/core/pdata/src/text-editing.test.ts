import { describe, expect, it } from "vitest";
import type { AnyValue, Batch } from "./api.ts";
import { decode } from "./batches.ts";
import { decodeJson } from "./json-decoder.ts";
import { encodeJson } from "./json-encoder.ts";
import type { TextEditor, TextValue } from "./text-api.ts";

const text = (value: AnyValue) => ({ stringValue: value });
const attribute = (key: string, value: unknown) => ({ key, value });

const resource = { attributes: [attribute("r", text("r1"))], droppedAttributesCount: 3 };
const scope = { name: "s1", version: "s2", attributes: [attribute("sa", text("s3"))] };
const nested = {
  kvlistValue: {
    values: [attribute("m", { arrayValue: { values: [text("n1"), { bytesValue: "bjI=" }, { intValue: "42" }] } })],
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
                timeUnixNano: "1",
                severityText: "l1",
                body: nested,
                attributes: [attribute("a", { boolValue: true })],
              },
              { body: text("b2"), eventName: "l2", attributes: [attribute("d", { doubleValue: 1.5 })] },
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
                name: "t1",
                traceState: "t2",
                attributes: [attribute("a", text("t3"))],
                events: [{ name: "e1", attributes: [attribute("ea", text("e2"))] }],
                links: [{ traceState: "k1", attributes: [attribute("ka", text("k2"))] }],
                status: { message: "st", code: 2 },
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
                name: "m1",
                description: "m2",
                unit: "m3",
                metadata: [attribute("ma", text("m4"))],
                gauge: {
                  dataPoints: [
                    {
                      asInt: "7",
                      attributes: [attribute("p", text("p1"))],
                      exemplars: [{ asInt: "1", filteredAttributes: [attribute("x", text("x1"))] }],
                    },
                  ],
                },
              },
              { name: "m5", histogram: { dataPoints: [{ count: "1", attributes: [attribute("p", text("p2"))] }] } },
            ],
          },
        ],
      },
    ],
  },
} as const;

function batchOf(signal: keyof typeof requests): Batch {
  return decodeJson(signal, Buffer.from(JSON.stringify(requests[signal])));
}

function shown(value: TextValue): string {
  if ("bytes" in value) return Buffer.from(value.bytes).toString();
  if ("int" in value) return value.int.toString();
  return "double" in value ? value.double.toString() : value.kind;
}

/** An editor that notes what it is shown and answers with what `answer` makes of it. */
function editorOf(answer: (value: TextValue, shown: string) => string | Uint8Array | undefined, drop?: string) {
  const seen: string[] = [];
  const editor: TextEditor = {
    wants: () => true,
    edit(value, { scope: at, path }) {
      if (value.kind !== "key") seen.push(`${at} ${[...path, shown(value)].join("/")}`);
      return answer(value, shown(value));
    },
    verdict: () => drop,
  };
  return { editor, seen };
}

describe("every text is shown, with where it stands", () => {
  const shared = ["resource r/r1", "scope s1", "scope s2", "scope sa/s3"];
  it.each([
    [
      "logs",
      ["name l1", "body m/n1", "body m/n2", "body m/42", "attributes a/bool", "body b2", "attributes d/1.5", "name l2"],
    ],
    [
      "traces",
      ["name t2", "name t1", "attributes a/t3", "event e1", "event ea/e2", "link k1", "link ka/k2", "status st"],
    ],
    [
      "metrics",
      [
        "metric m1",
        "metric m2",
        "metric m3",
        "metric ma/m4",
        "metric m5",
        "exemplar x/x1",
        "attributes p/p1",
        "attributes p/p2",
      ],
    ],
  ] as const)("of %s", (signal, own) => {
    const { editor, seen } = editorOf(() => undefined);
    const batch = batchOf(signal);
    batch.editTexts(editor);
    expect([...seen].sort()).toEqual([...shared, ...own].sort());
    expect(batch.edited).toBe(false);
  });
});

it.each(["logs", "traces", "metrics"] as const)(
  "writes what the editor answers into %s, and nothing else",
  (signal) => {
    const longer = (value: string) => `${value}${"·".repeat(70)}`;
    const { editor } = editorOf((value, before) => {
      if (value.kind === "bytes") return Buffer.from(longer(before));
      return value.kind === "string" || value.kind === "key" ? longer(before) : undefined;
    });
    const batch = batchOf(signal);
    batch.editTexts(editor);
    const expected = JSON.parse(JSON.stringify(requests[signal]), (key, value) => {
      if (key === "bytesValue") return Buffer.from(longer(Buffer.from(value, "base64").toString())).toString("base64");
      const isText = typeof value === "string" && !/^(?:intValue|asInt|count|timeUnixNano)$/.test(key);
      return isText ? longer(value) : value;
    });
    const again = decode(signal, batch.encode());
    const json = (of: Batch) => JSON.parse(Buffer.from(encodeJson(of)).toString());
    expect(json(again)).toEqual(json(decodeJson(signal, Buffer.from(JSON.stringify(expected)))));
  },
);

it("puts a text in the place of a value of any kind", () => {
  const { editor } = editorOf((value) => (value.kind === "key" ? undefined : "x"));
  const batch = batchOf("logs");
  if (batch.signal !== "logs") throw new Error(batch.signal);
  batch.editTexts(editor);
  const records = batch.records();
  records.advance();
  expect(records.body).toEqual(new Map([["m", ["x", "x", "x"]]]));
  expect(records.attributes.get("a")).toBe("x");
  records.advance();
  expect(records.attributes.get("d")).toBe("x");
});

it("sees and keeps edits made before, and leaves out what is dropped", () => {
  const batch = batchOf("logs");
  if (batch.signal !== "logs") throw new Error(batch.signal);
  const records = batch.records();
  records.advance();
  records.drop("test");
  records.advance();
  records.attributes.set("new", "n9");
  const { editor, seen } = editorOf((_, before) => (before === "n9" ? "edited" : undefined));
  batch.editTexts(editor);
  expect(seen).toContain("attributes new/n9");
  expect(seen).not.toContain("name l1");
  expect(records.attributes.get("new")).toBe("edited");
});

it.each(["logs", "traces", "metrics"] as const)("drops from %s what the verdict says, with the reason", (signal) => {
  const { editor } = editorOf(() => undefined, "because");
  const batch = batchOf(signal);
  const { count } = batch;
  batch.editTexts(editor);
  expect(batch.count).toBe(0);
  expect(batch.dropped).toEqual(new Map([["because", count]]));
});

it("shows nothing of a message that is not wanted, and of one that is only the messages in it that are", () => {
  const { editor, seen } = editorOf(() => undefined);
  const asked: string[] = [];
  batchOf("traces").editTexts({
    ...editor,
    wants: (bytes) => {
      asked.push(Buffer.from(bytes).toString("latin1"));
      return asked.length > 1 && Buffer.from(bytes).includes("t1");
    },
  });
  expect(seen).toEqual(["name t1", "name t2"]);
  // The tag of an attribute of a span (9, LEN), its length, the tag of its name.
  expect(asked.some((bytes) => /^J.\n/s.test(bytes))).toBe(true);
});
