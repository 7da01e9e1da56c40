import { type AnyValue, logsBuilder } from "@dbintel/pdata";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut, cutAttributes, cutBody, cutMarker } from "./cutting.ts";

function record(body: AnyValue, attributes: Readonly<Record<string, AnyValue>> = {}) {
  const records = logsBuilder().record({ body, attributes }).build().records();
  records.advance();
  return records;
}

describe("cut", () => {
  // Characters of one, two, three and four bytes, and every place within them.
  it.each(["x", "é", "€", "😀"])("ends behind a whole %s", (character) => {
    const size = Buffer.byteLength(character);
    for (let limit = 32; limit < 32 + size; limit++) {
      const whole = Math.floor((limit - cutMarker.length) / size);
      expect(cut(Buffer.from(character.repeat(100)), limit)).toBe(character.repeat(whole) + cutMarker);
    }
  });

  it("keeps as much of any text as there is room for", () => {
    const text = fc.string({ unit: "grapheme", minLength: 200, maxLength: 300 });
    fc.assert(
      fc.property(text, fc.integer({ min: 32, max: 199 }), (whole, limit) => {
        const short = cut(Buffer.from(whole), limit);
        const kept = short.slice(0, -cutMarker.length);
        expect(short.endsWith(cutMarker)).toBe(true);
        expect(whole.startsWith(kept)).toBe(true);
        const next = String.fromCodePoint(whole.codePointAt(kept.length) ?? 0);
        expect(Buffer.byteLength(short)).toBeLessThanOrEqual(limit);
        expect(Buffer.byteLength(short + next)).toBeGreaterThan(limit);
      }),
      { numRuns: 300 },
    );
  });

  it.each([0x80, 0xe9, 0xff])("keeps to the limit where bytes are no UTF-8: %i", (byte) => {
    const short = cut(new Uint8Array(1000).fill(byte), 50);
    expect(Buffer.byteLength(short)).toBeLessThanOrEqual(50);
    expect(short.endsWith(cutMarker)).toBe(true);
  });
});

describe("cutBody and cutAttributes", () => {
  it("leave what is as long as the limit, and cut what is a byte longer", () => {
    const same = record("x".repeat(40), { a: "y".repeat(40) });
    expect([cutBody(same, 40), cutAttributes(same.attributes, 40)]).toEqual([false, 0]);
    const longer = record("x".repeat(41), { a: "y".repeat(41), b: "y".repeat(99), c: "" });
    expect([cutBody(longer, 40), cutAttributes(longer.attributes, 40)]).toEqual([true, 2]);
    expect(longer.body).toBe("x".repeat(26) + cutMarker);
    expect([...longer.attributes.entries()]).toEqual([
      ["a", "y".repeat(26) + cutMarker],
      ["b", "y".repeat(26) + cutMarker],
      ["c", ""],
    ]);
  });

  it("leave what is no text", () => {
    const long = new Uint8Array(100);
    const other = record(long, { bytes: long, list: ["x".repeat(100)], number: 5n });
    expect([cutBody(other, 40), cutAttributes(other.attributes, 40)]).toEqual([false, 0]);
  });
});
