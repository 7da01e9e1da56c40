import { promisify } from "node:util";
import { constants, gzip, zstdCompress } from "node:zlib";
import { PermanentError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import { encodeJson } from "@dbintel/pdata";
import type { OtlpHttpConfig } from "./config.ts";

const gzipAsync = promisify(gzip);
const zstdAsync = promisify(zstdCompress);

/** The body of a request and the headers that describe it. */
export interface Payload {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Level 1 for gzip: telemetry repeats itself so much that higher levels cost a multiple of the time for little, and
 * compression is the largest part of what sending costs. 3 is zstd's own default.
 */
const defaultLevel = { gzip: 1, zstd: 3 } as const;

/**
 * Encodes and compresses a batch. Compression runs on libuv's thread pool, beside the event loop. Rejects with
 * `DBI_TOO_LARGE` when it has more than `maxBytes` before compression.
 */
export async function payloadOf(
  batch: Batch,
  config: Pick<OtlpHttpConfig, "encoding" | "compression" | "compression_params">,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<Payload> {
  const json = config.encoding === "json";
  const plain = json ? Buffer.from(encodeJson(batch)) : batch.encode();
  if (plain.byteLength > maxBytes) {
    const message = `${plain.byteLength} bytes are more than the ${maxBytes} that a request may have`;
    throw new PermanentError(message, { code: "DBI_TOO_LARGE" });
  }
  const body = await compress(plain, config);
  const encoding = config.compression === "none" ? {} : { "content-encoding": config.compression };
  return {
    body,
    headers: {
      "content-type": json ? "application/json" : "application/x-protobuf",
      // Always known, so that a server can refuse by size before it reads; Node would send chunks otherwise.
      "content-length": String(body.byteLength),
      ...encoding,
    },
  };
}

async function compress(
  plain: Uint8Array,
  config: Pick<OtlpHttpConfig, "compression" | "compression_params">,
): Promise<Uint8Array> {
  if (config.compression === "none") return plain;
  const level = config.compression_params.level ?? defaultLevel[config.compression];
  if (config.compression === "gzip") return gzipAsync(plain, { level });
  return zstdAsync(plain, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}
