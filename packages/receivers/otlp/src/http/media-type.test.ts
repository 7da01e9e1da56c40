import { describe, expect, it } from "vitest";
import { compressionOf, encodingOf } from "./media-type.ts";

describe("encodingOf", () => {
  it.each([
    ["application/x-protobuf", "protobuf"],
    ["Application/JSON; charset=utf-8", "json"],
    ["application/protobuf", undefined],
    ["text/plain", undefined],
    [undefined, undefined],
  ])("%s: %s", (contentType, encoding) => {
    expect(encodingOf(contentType)).toBe(encoding);
  });
});

describe("compressionOf", () => {
  it.each([
    [undefined, "identity"],
    ["", "identity"],
    ["identity", "identity"],
    ["GZIP", "gzip"],
    ["deflate", "deflate"],
    ["zlib", "deflate"],
    ["zstd", "zstd"],
  ])("%s: %s", (contentEncoding, compression) => {
    expect(compressionOf(contentEncoding)).toBe(compression);
  });

  it.each(["br", "gzip, gzip", "snappy", "constructor"])("answers %s with 415 and what would do", (contentEncoding) => {
    expect(() => compressionOf(contentEncoding)).toThrow(
      expect.objectContaining({ status: 415, headers: { "accept-encoding": "gzip, deflate, zstd" } }),
    );
  });
});
