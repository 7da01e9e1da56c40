import { describe, expect, test } from "vitest";
import { decode, decodeLogs, decodeMetrics } from "./batches.ts";
import { PdataError } from "./pdata-error.ts";
import { LEN, lenFieldSize, maxValueDepth, putVarint } from "./wire.ts";

/** A LEN field. */
function field(number: number, ...content: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const body = Buffer.concat(content.map((piece) => Uint8Array.from(piece)));
  const bytes = new Uint8Array(lenFieldSize(body.length));
  bytes[0] = (number << 3) | LEN;
  bytes.set(body, putVarint(bytes, 1, body.length));
  return bytes;
}

/** A request with one log record. */
function requestOf(...record: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return field(1, field(2, field(2, ...record)));
}

/** The error that decoding throws, in short. */
function refusal(signal: "logs" | "metrics" | "traces", bytes: Uint8Array): string {
  try {
    decode(signal, bytes);
  } catch (error) {
    if (error instanceof PdataError) return `${error.code} ${error.offset}`;
    throw error;
  }
  return "none";
}

// The record of `requestOf` begins at byte 6.
const start = 6;

describe("refused requests", () => {
  test.each<[string, Uint8Array, string]>([
    ["a tag without a payload", Uint8Array.of(0x0a), "DBI_PDATA_TRUNCATED 1"],
    ["a length past the end of the input", Uint8Array.of(0x0a, 5, 0), "DBI_PDATA_TRUNCATED 1"],
    ["a length past the end of its message", requestOf([0x1a, 9, 0x61]), `DBI_PDATA_TRUNCATED ${start + 1}`],
    [
      "a length past the end of its message, more input behind it",
      Buffer.concat([requestOf([0x1a, 9, 0x61]), requestOf()]),
      `DBI_PDATA_OVERLONG ${start + 1}`,
    ],
    [
      "a varint of eleven bytes",
      requestOf([0x10, ...Array<number>(10).fill(0xff), 1]),
      `DBI_PDATA_OVERLONG ${start + 1}`,
    ],
    ["a varint that is cut short", requestOf([0x10, 0xff, 0xff]), `DBI_PDATA_TRUNCATED ${start + 1}`],
    ["a fixed64 that is cut short", requestOf([0x09, 1, 2, 3]), `DBI_PDATA_TRUNCATED ${start + 1}`],
    ["a fixed32 that is cut short", requestOf([0x45, 1]), `DBI_PDATA_TRUNCATED ${start + 1}`],
    ["a length above 32 bits", requestOf([0x1a, 0xff, 0xff, 0xff, 0xff, 0x7f]), `DBI_PDATA_OVERLONG ${start + 1}`],
    ["a tag above 32 bits", requestOf([0x8a, 0x80, 0x80, 0x80, 0x80, 0x01, 0]), `DBI_PDATA_OVERLONG ${start}`],
    ["a known field with another wire type", requestOf([0x08, 1]), `DBI_PDATA_WIRE_TYPE ${start}`],
    ["a message as a varint", requestOf([0x28, 1]), `DBI_PDATA_WIRE_TYPE ${start}`],
    ["a known field as a group", requestOf([0x2b, 0x2c]), `DBI_PDATA_WIRE_TYPE ${start}`],
    ["an unknown group", requestOf([0xa3, 0x06, 0xa4, 0x06]), `DBI_PDATA_WIRE_TYPE ${start}`],
    ["wire type 7", requestOf([0xa7, 0x06]), `DBI_PDATA_WIRE_TYPE ${start}`],
    ["field number 0", requestOf([0x02, 0]), `DBI_PDATA_WIRE_TYPE ${start}`],
    ["an attribute whose key is no string", requestOf(field(6, [0x08, 1])), `DBI_PDATA_WIRE_TYPE ${start + 2}`],
    [
      "a value whose string is longer than it",
      requestOf(field(6, [0x0a, 0, 0x12, 2, 0x0a, 9])),
      `DBI_PDATA_TRUNCATED ${start + 7}`,
    ],
    ["values nested too deep", requestOf(nested(maxValueDepth + 1)), "DBI_PDATA_DEPTH"],
  ])("%s", (_name, bytes, expected) => {
    expect(refusal("logs", bytes)).toMatch(new RegExp(`^${expected}`));
  });

  test("the message tells what and where", () => {
    expect(() => decodeLogs(requestOf([0x08, 1]))).toThrow(
      "field timeUnixNano of LogRecord with wire type 0 at byte 6",
    );
  });

  test("packed numbers that are cut short", () => {
    const histogram = field(1, field(2, field(2, field(9, field(1, field(6, [1, 2, 3]))))));
    expect(refusal("metrics", histogram)).toBe("DBI_PDATA_TRUNCATED 12");
  });

  test("every truncation of a request that does not end between two groups", () => {
    const bytes = requestOf([0x10, 9], field(6, field(1, [0x61]), field(2, field(1, [0x62]))));
    for (let length = 1; length < bytes.length; length++) {
      expect(refusal("logs", bytes.slice(0, length))).toMatch(/^DBI_PDATA_TRUNCATED \d+$/);
    }
  });
});

/** `depth` arrays in each other as a body. */
function nested(depth: number): Uint8Array {
  let value: Uint8Array = new Uint8Array(0);
  for (let level = 1; level < depth; level++) value = field(5, field(1, value));
  return field(5, value);
}

describe("accepted requests", () => {
  test("nothing at all", () => {
    expect(decodeLogs(new Uint8Array(0)).count).toBe(0);
  });

  test("values nested as deep as is allowed", () => {
    expect(decodeLogs(requestOf(nested(maxValueDepth))).count).toBe(1);
  });

  test("a varint of ten bytes", () => {
    const record = decodeLogs(requestOf([0x10, ...Array<number>(9).fill(0xff), 1])).records();
    record.advance();
    expect(record.severityNumber).toBe(-1);
  });

  test("many levels: more than the first capacity", () => {
    const record = field(2, [0x10, 1]);
    const request = field(
      1,
      ...Array.from({ length: 40 }, () => field(2, ...Array.from({ length: 50 }, () => record))),
    );
    expect(decodeLogs(request).count).toBe(2000);
  });

  test("metrics of no type", () => {
    const metrics = decodeMetrics(field(1, field(2, field(2, field(1, [0x6d])))));
    const metric = metrics.metrics();
    metric.advance();
    expect([metric.name, metric.type, metrics.count]).toEqual(["m", "none", 0]);
  });

  test("a Buffer of a pool", () => {
    const pooled = Buffer.from(requestOf([0x10, 9]));
    const logs = decodeLogs(pooled);
    expect(Buffer.compare(logs.encode(), pooled)).toBe(0);
    expect(logs.encode().constructor).toBe(Uint8Array);
  });
});
