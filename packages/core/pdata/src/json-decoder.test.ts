import { describe, expect, test } from "vitest";
import { decodeLogs } from "./batches.ts";
import { decodeJson } from "./json-decoder.ts";
import { encodeJson } from "./json-encoder.ts";
import { PdataError } from "./pdata-error.ts";

/** OTLP/JSON of one record. */
function recordText(members: string): string {
  return `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{${members}}]}]}]}`;
}

const start = recordText("").indexOf("{}") + 1;

function roundTrip(members: string): string {
  const text = encodeJson(decodeLogs(decodeJson("logs", recordText(members)).encode()));
  return text.slice(start, -"}]}]}]}".length);
}

describe("accepted", () => {
  test.each<[string, string, string]>([
    ["ids in upper case", '"spanId":"B7AD6B7169203331"', '"spanId":"b7ad6b7169203331"'],
    [
      "64-bit integers as numbers, all digits",
      '"body":{"intValue":9007199254740993}',
      '"body":{"intValue":"9007199254740993"}',
    ],
    ["64-bit integers as strings", '"timeUnixNano":"18446744073709551615"', '"timeUnixNano":"18446744073709551615"'],
    ["integers with an exponent", '"severityNumber":1e1', '"severityNumber":10'],
    ["integers with a fraction of zero", '"body":{"intValue":"5.0"}', '"body":{"intValue":"5"}'],
    ["negative integers", '"body":{"intValue":"-9223372036854775808"}', '"body":{"intValue":"-9223372036854775808"}'],
    ["32-bit integers as strings", '"flags":"257"', '"flags":257'],
    [
      "doubles that JSON has no numbers for",
      '"body":{"doubleValue":"-Infinity"}',
      '"body":{"doubleValue":"-Infinity"}',
    ],
    ["doubles as strings", '"body":{"doubleValue":"1.5e3"}', '"body":{"doubleValue":1500}'],
    ["negative zero", '"body":{"doubleValue":-0}', '"body":{"doubleValue":-0}'],
    ["base64 of either alphabet, padded or not", '"body":{"bytesValue":"-_8"}', '"body":{"bytesValue":"+/8="}'],
    ["null for unset", '"body":null,"severityText":null,"attributes":null', ""],
    ["empty lists", '"attributes":[ ]', ""],
    [
      "unknown names with any value",
      '"x":{"y":[1,{"z":null}],"w":"\\u0041"},"severity_text":"no","flags":1',
      '"flags":1',
    ],
    ["names with escapes", '"sever\\u0069tyText":"a"', '"severityText":"a"'],
    [
      "escapes",
      '"severityText":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\\u0001"',
      '"severityText":"\\"\\\\/\\b\\f\\n\\r\\té😀\\u0001"',
    ],
    ["half a surrogate pair, which UTF-8 has no bytes for", '"severityText":"\\ud800"', '"severityText":"\ufffd"'],
    ["white space", ' \r\n\t"flags" : 1 ', '"flags":1'],
  ])("%s", (_name, members, expected) => {
    expect(roundTrip(members)).toBe(expected);
  });

  test("text as bytes", () => {
    expect(decodeJson("logs", Buffer.from(recordText('"severityText":"größer"'))).count).toBe(1);
  });

  test("an empty request", () => {
    expect(decodeJson("metrics", " {} ").encode()).toEqual(new Uint8Array(0));
  });
});

describe("refused", () => {
  test.each<[string, string, number]>([
    ["nothing", "", 0],
    ["something else", "[]", 0],
    ["text behind the request", "{} x", 3],
    ["a missing brace", "{", 1],
    ["a missing value", recordText('"flags":'), start + 8],
    ["a missing colon", recordText('"flags" 1'), start + 8],
    ["a missing comma", recordText('"flags":1 "x":2'), start + 10],
    ["a trailing comma", recordText('"flags":1,'), start + 10],
    ["a string that is not closed", '{"x', 3],
    ["a control character in a string", recordText('"severityText":"\n"'), start + 16],
    ["an unknown escape", recordText('"severityText":"\\x"'), start + 16],
    ["half an escape", recordText('"severityText":"\\u12"'), start + 16],
    ["a number that JSON does not have", recordText('"flags":01'), start + 8],
    ["a fraction where an integer belongs", recordText('"flags":1.5'), start + 8],
    ["an integer of more than 64 bits", recordText('"body":{"intValue":9223372036854775808}'), start + 19],
    ["a negative number where there is none", recordText('"flags":-1'), start + 8],
    ["an integer of more than 32 bits", recordText('"flags":4294967296'), start + 8],
    ["the name of an enum", recordText('"severityNumber":"SEVERITY_NUMBER_INFO"'), start + 17],
    ["an id that is not hexadecimal", recordText('"traceId":"xyz"'), start + 10],
    ["bytes that are not base64", recordText('"body":{"bytesValue":"*"}'), start + 21],
    ["a double that is no number", recordText('"body":{"doubleValue":"x"}'), start + 22],
    ["a boolean that is none", recordText('"body":{"boolValue":"true"}'), start + 20],
    ["an object where a list belongs", recordText('"attributes":{}'), start + 13],
    ["null in a list", recordText('"attributes":[null]'), start + 14],
    ["a name that is given twice", recordText('"flags":1,"flags":2'), start + 18],
    ["two alternatives of a value", recordText('"body":{"intValue":1,"boolValue":true}'), start + 33],
    ["a word that starts like null", recordText('"flags":nil'), start + 8],
  ])("%s", (_name, text, offset) => {
    expect(() => decodeJson("logs", text)).toThrow(expect.objectContaining({ code: "DBI_PDATA_JSON", offset }));
    expect(() => decodeJson("logs", text)).toThrow(PdataError);
  });

  test("values nested too deep", () => {
    const value = `${'{"arrayValue":{"values":['.repeat(65)}${"]}}".repeat(65)}`;
    expect(() => decodeJson("logs", recordText(`"body":${value}`))).toThrow(
      expect.objectContaining({ code: "DBI_PDATA_DEPTH" }),
    );
  });

  test("unknown values nested too deep", () => {
    const text = recordText(`"x":${"[".repeat(100_000)}`);
    expect(() => decodeJson("logs", text)).toThrow(expect.objectContaining({ code: "DBI_PDATA_DEPTH" }));
  });
});
