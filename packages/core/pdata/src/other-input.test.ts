import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeLogs, decodeMetrics, decodeTraces } from "./batches.ts";
import { decodeJson } from "./json-decoder.ts";
import { logsBuilder } from "./logs-builder.ts";
import { salvage } from "./salvage.ts";

const json = '{"resourceLogs": []}';
const protobuf = logsBuilder().resource({ attributes: {} }).scope({ name: "s" }).record({ body: "b" }).build().encode();

describe("what is no OTLP protobuf", () => {
  it.each([
    ["logs", decodeLogs],
    ["metrics", decodeMetrics],
    ["traces", decodeTraces],
  ] as const)("is named where it is JSON of %s", (signal, decode) => {
    for (const text of [json, `\n  ${json}`, "{}"]) {
      expect(() => decode(Buffer.from(text))).toThrow(
        expect.objectContaining({
          name: "PdataError",
          message: "JSON where OTLP protobuf belongs at byte 0",
          offset: 0,
          hint: `decodeJson("${signal}", bytes) reads OTLP/JSON`,
        }),
      );
    }
  });

  it.each([
    ["gzip", gzipSync, "gunzipSync(bytes"],
    ["zstd", zstdCompressSync, "zstdDecompressSync(bytes"],
  ] as const)("is named where %s has compressed it", (name, compress, hint) => {
    const named = expect.objectContaining({
      message: `expected the bytes of an export request, found bytes that ${name} has compressed`,
      hint: expect.stringContaining(hint),
    });
    expect(() => decodeLogs(compress(protobuf))).toThrow(named);
    expect(() => salvage("logs", "protobuf", compress(protobuf))).toThrow(named);
    expect(() => decodeJson("logs", compress(Buffer.from(json)))).toThrow(named);
  });

  it("keeps its own fault where it is nothing that is known", () => {
    expect(() => decodeLogs(Uint8Array.of(0x0a, 0x05, 0x00))).toThrow(
      expect.objectContaining({ code: "DBI_PDATA_TRUNCATED", hint: undefined }),
    );
  });
});

describe("what is no OTLP/JSON", () => {
  it("is named where it is protobuf", () => {
    expect(() => decodeJson("logs", protobuf)).toThrow(
      expect.objectContaining({
        code: "DBI_PDATA_JSON",
        message: "no JSON object where OTLP/JSON belongs at byte 0",
        hint: "decodeLogs(bytes) reads OTLP protobuf",
      }),
    );
  });

  it("keeps its own fault where it is broken JSON", () => {
    expect(() => decodeJson("logs", '\n{"resourceLogs": [}')).toThrow(
      expect.objectContaining({ code: "DBI_PDATA_JSON", hint: undefined }),
    );
  });
});

describe("what is no bytes", () => {
  it.each([
    [json, "a string", 'decodeJson("logs", text)'],
    [{ resourceLogs: [] }, "an object", 'decodeJson("logs", JSON.stringify(value))'],
    [[1, 2], "an array", "JSON.stringify"],
    [new ArrayBuffer(2), "an ArrayBuffer", "new Uint8Array(buffer)"],
  ])("is refused instead of read as a request without records: %o", (given, name, hint) => {
    expect(() => decodeLogs(given as never)).toThrow(
      expect.objectContaining({
        code: "DBI_PDATA_VALUE",
        message: `expected the bytes of an export request, found ${name}`,
        hint: expect.stringContaining(hint),
      }),
    );
  });

  it.each([undefined, null, 7])("is refused without a guess: %s", (given) => {
    const message = `expected the bytes of an export request, found ${typeof given === "number" ? "a number" : given}`;
    expect(() => decodeLogs(given as never)).toThrow(message);
    expect(() => decodeJson("logs", given as never)).toThrow(message);
  });
});
