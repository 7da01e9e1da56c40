import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Source } from "./source.ts";
import {
  afterField,
  afterVarint,
  contentStart,
  fieldNumber,
  findField,
  readBool,
  readInt32,
  readInt64,
  readInt64AsNumber,
  readUint32,
  readUint64,
  varintSize,
} from "./wire.ts";
import { Writer } from "./writer.ts";

/** Writes one field and checks that it is framed as it says. */
function written(write: (writer: Writer) => void, number = 7): Source {
  const writer = new Writer(1);
  write(writer);
  const source = new Source(writer.take());
  expect([fieldNumber(source.bytes, 0), afterField(source.bytes, 0)]).toEqual([number, source.bytes.length]);
  return source;
}

const payload = ({ bytes }: Source) => afterVarint(bytes, 0);

describe("what is written is read back", () => {
  test("uint32", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 32 - 1 }), (value) => {
        const source = written((writer) => writer.uint32(7, value));
        expect(readUint32(source.bytes, payload(source))).toBe(value);
        expect(source.bytes.length).toBe(1 + varintSize(value));
      }),
    );
  });

  test("int32", () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const source = written((writer) => writer.int32(7, value));
        expect(readInt32(source.bytes, payload(source))).toBe(value);
      }),
    );
  });

  test("int64 and uint64", () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
        const source = written((writer) => writer.int64(7, value));
        expect(readInt64(source.bytes, payload(source))).toBe(value);
        expect(readInt64AsNumber(source.bytes, payload(source))).toBe(Number(value));
        expect(readUint64(source.bytes, payload(source))).toBe(BigInt.asUintN(64, value));
        expect(readBool(source.bytes, payload(source))).toBe(value !== 0n);
      }),
    );
  });

  test("integers that a double holds", () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (value) => {
        const varint = written((writer) => writer.smallInt64(7, value));
        expect(readInt64(varint.bytes, payload(varint))).toBe(BigInt(value));
        const fixed = written((writer) => writer.smallFixed64(7, value));
        expect(fixed.view.getBigUint64(payload(fixed), true)).toBe(BigInt(value));
      }),
    );
  });

  test("strings of any length", () => {
    const lengths = fc.constantFrom(0, 1, 31, 32, 33, 42, 43, 127, 128, 5461, 5462, 16_383, 16_384);
    fc.assert(
      fc.property(lengths, fc.constantFrom("a", "é", "€", "😀", "\ud800"), (length, unit) => {
        const value = unit.repeat(length);
        const source = written((writer) => writer.string(7, value));
        expect(source.string(contentStart(source.bytes, 0), source.bytes.length)).toBe(value.toWellFormed());
      }),
    );
  });

  test("messages of any length, whatever length was expected", () => {
    const length = fc.constantFrom(0, 1, 127, 128, 300, 16_383, 16_384, 70_000);
    fc.assert(
      fc.property(length, length, (size, expected) => {
        const source = written((writer) => {
          const mark = writer.open(7, expected);
          for (let at = 0; at < size; at++) writer.byte(at & 255);
          writer.close(mark);
        });
        const start = contentStart(source.bytes, 0);
        expect(source.bytes.subarray(start)).toEqual(Uint8Array.from({ length: size }, (_, at) => at & 255));
      }),
    );
  });
});

test("a field is found behind others", () => {
  const writer = new Writer();
  writer.fixed32(1, 5);
  writer.double(2, 1.5);
  writer.string(3, "x");
  writer.bool(100_000, true);
  const bytes = writer.take();
  expect([1, 2, 3, 100_000, 4].map((field) => findField(bytes, 0, bytes.length, field))).toEqual([0, 5, 14, 17, -1]);
});
