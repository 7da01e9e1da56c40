import type { OtlpEncoding } from "@dbintel/pdata";
import { Failure, rpcCode } from "../failure.ts";

/** The content type of each encoding, for requests and answers. */
export const contentTypes: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

/** The encoding that a `Content-Type` names, parameters ignored; `undefined` for any other. */
export function encodingOf(contentType: string | undefined): OtlpEncoding | undefined {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === contentTypes.protobuf) return "protobuf";
  if (type === contentTypes.json) return "json";
  return undefined;
}

export const compressions = ["gzip", "deflate", "zstd"] as const;
/** `identity` is a body that is not compressed; `deflate` the zlib format, as HTTP defines it. */
export type Compression = (typeof compressions)[number] | "identity";

const compressionNames: Readonly<Record<string, Compression>> = {
  "": "identity",
  identity: "identity",
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  zlib: "deflate",
  zstd: "zstd",
};

/** What a `Content-Encoding` names; throws the answer 415 for one that is not known, or for several. */
export function compressionOf(contentEncoding: string | undefined): Compression {
  const name = (contentEncoding ?? "").trim().toLowerCase();
  const compression = Object.hasOwn(compressionNames, name) ? compressionNames[name] : undefined;
  if (compression !== undefined) return compression;
  throw new Failure(415, `the Content-Encoding is not supported; use one of ${compressions.join(", ")}`, {
    rpcCode: rpcCode.invalidArgument,
    headers: { "accept-encoding": compressions.join(", ") },
  });
}
