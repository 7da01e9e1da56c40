import { describe, expect, test } from "vitest";
import { attributeKeys } from "./attribute-key.ts";
import { logsBuilder } from "./logs-builder.ts";

function recordWith(attributes: Readonly<Record<string, string>>) {
  const record = logsBuilder().record({ severityNumber: 9, eventName: "e", attributes }).build().records();
  record.advance();
  return record;
}

const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`app.key.${index}`, `${index}`]));

describe("the outline of a record", () => {
  test("has room for any number of attributes", () => {
    const { attributes } = recordWith(many);
    expect(attributes.size).toBe(200);
    for (const [name, value] of Object.entries(many)) expect(attributes.getString(name)).toBe(value);
    expect(attributes.firstOf(attributeKeys(["absent", "app.key.199", "app.key.3"]))).toBe(1);
  });

  test.each([0, 1, 2, 127, 128, 255, 300])("tells names of %i bytes apart by their content", (length) => {
    const name = "x".repeat(length);
    const other = `${name.slice(1)}y`;
    const { attributes } = recordWith({ [name]: "mine" });
    expect(attributes.getString(name)).toBe("mine");
    expect(attributes.firstOf(attributeKeys([other, name]))).toBe(1);
    expect(attributes.has(other)).toBe(false);
  });

  test("finds each of the keys that look alike, and one that is asked for twice", () => {
    // Alike: as long as each other, with the same last byte.
    const { attributes } = recordWith({ ab: "1", cb: "2", db: "3" });
    const places = new Int32Array(5);
    attributes.locate(attributeKeys(["db", "eb", "ab", "db", "cb"]), places);
    expect([...places]).toEqual([2, -1, 0, 2, 1]);
    expect(attributes.firstOf(attributeKeys(["eb", "db", "ab"]))).toBe(1);
  });

  test("gives nothing for the place of an attribute that was taken away", () => {
    const { attributes } = recordWith({ a: "1", b: "2" });
    const places = new Int32Array(1);
    attributes.locate(attributeKeys(["b"]), places);
    expect(attributes.getString(places[0] ?? -1)).toBe("2");
    attributes.delete("b");
    expect([attributes.get(places[0] ?? -1), attributes.hash(places[0] ?? -1, 1)]).toEqual([undefined, -1]);
  });

  test("knows what was edited since it was read, and what was asked for last", () => {
    const record = recordWith(many);
    const { attributes } = record;
    expect(attributes.has("new")).toBe(false);
    attributes.set("new", "n");
    expect(attributes.getString("new")).toBe("n");
    attributes.set("app.key.0", "a longer value");
    expect(attributes.getString("new")).toBe("n");
    attributes.delete("new");
    expect(attributes.has("new")).toBe(false);
    record.eventName = "renamed";
    expect([record.eventName, record.severityNumber, attributes.size]).toEqual(["renamed", 9, 200]);
    expect(attributes.getString("app.key.199")).toBe("199");
  });

  test("is that of the next record once the cursor has moved", () => {
    const logs = logsBuilder()
      .record({ attributes: { a: "first" } })
      .record({ eventName: "e" })
      .build();
    const seen = [];
    for (const { attributes, eventName } of logs.records()) seen.push([attributes.getString("a"), eventName]);
    expect(seen).toEqual([
      ["first", ""],
      [undefined, "e"],
    ]);
  });

  test("stays where it is while other records are dropped", () => {
    const logs = logsBuilder()
      .record({ attributes: { a: "first" } })
      .record({ attributes: { a: "second" } })
      .build();
    const [kept, dropped] = [logs.records(), logs.records()];
    kept.advance();
    expect(kept.attributes.getString("a")).toBe("first");
    dropped.advance();
    dropped.advance();
    dropped.drop("test");
    expect(kept.attributes.getString("a")).toBe("first");
    expect(kept.advance()).toBe(false);
  });
});
