import { type AnyValue, logsBuilder, metricsBuilder } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { documentedLimits } from "./limits.ts";
import { trimmed } from "./trimmed.ts";

const most = documentedLimits.attributeValueLength;

function record(body: AnyValue, attributes: Readonly<Record<string, AnyValue>> = {}) {
  return logsBuilder().resource({ attributes: {} }).scope({ name: "test" }).record({ body, attributes }).build();
}

function read(batch: ReturnType<typeof trimmed>) {
  if (batch?.signal !== "logs") throw new Error("no logs");
  for (const { body, attributes } of batch.records()) return { body, attributes: new Map(attributes.entries()) };
  return undefined;
}

describe("trimmed", () => {
  it("cuts long texts wherever they stand, at a character, and says so", () => {
    const original = record(`${"é".repeat(most)}😀`, { note: "😀".repeat(most), short: "stays", flag: 7n });
    const before = Buffer.from(original.encode());
    const own = read(trimmed(original));
    expect(String(own?.body)).toBe(`${"é".repeat(most - 14)}...[truncated]`);
    expect(String(own?.attributes.get("note")).length).toBeLessThanOrEqual(most);
    expect(String(own?.attributes.get("note"))).toMatch(/^(?:😀)+\.\.\.\[truncated\]$/u);
    expect(own?.attributes.get("short")).toBe("stays");
    expect(own?.attributes.get("flag")).toBe(7n);
    expect(own?.attributes.get("dbintel.trimmed")).toBe(true);
    expect(before.equals(original.encode())).toBe(true);
  });

  it("cuts texts within maps and lists", () => {
    const own = read(trimmed(record(new Map([["rows", ["a".repeat(10_000)]]]))));
    expect(own?.body).toEqual(new Map([["rows", [`${"a".repeat(most - 14)}...[truncated]`]]]));
  });

  it("removes attributes above the limit, and leaves room for its own", () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, "value"]));
    expect(read(trimmed(record("body", many)))?.attributes.size).toBe(documentedLimits.attributes.logs);
  });

  it("has nothing to do where nothing is long", () => {
    expect(trimmed(record("x".repeat(most), { note: "short" }))).toBeUndefined();
  });

  it("cuts attributes of data points", () => {
    const points = metricsBuilder()
      .resource({ attributes: {} })
      .scope({ name: "test" })
      .gauge({ name: "m" }, [{ timeUnixNano: 1n, value: 1, attributes: { note: "n".repeat(9000) } }])
      .build();
    const own = trimmed(points);
    if (own?.signal !== "metrics") throw new Error("no metrics");
    for (const { attributes } of own.points()) expect(attributes.getString("note")?.length).toBe(most);
  });
});
