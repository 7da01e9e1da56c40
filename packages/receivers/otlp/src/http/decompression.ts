import {
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzipSync,
  inflateSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdDecompressSync,
} from "node:zlib";
import { badRequest, type Failure, tooLarge } from "../failure.ts";
import type { Lease } from "../in-flight.ts";
import type { Compression } from "./media-type.ts";

type Format = Exclude<Compression, "identity">;

const sync = { gzip: gunzipSync, deflate: inflateSync, zstd: zstdDecompressSync } as const;
const streams = {
  gzip: (options: ZlibOptions) => createGunzip(options),
  deflate: (options: ZlibOptions) => createInflate(options),
  zstd: (options: ZstdOptions) => createZstdDecompress(options),
} as const;

/** Up to here a body is decompressed at once: for a few KiB the way over the thread pool costs several times the work. */
const atOnceInputBytes = 32 * 1024;
const atOnceOutputBytes = 1024 * 1024;
const smallestChunk = 1024;
const largestChunk = 1024 * 1024;

interface DecompressOptions {
  readonly format: Format;
  readonly limitBytes: number;
  readonly lease: Lease;
}

/**
 * Decompresses a body and stops as soon as it passes `limitBytes` or the budget of `lease`: no more than one chunk
 * beyond either is ever in memory. Throws the answer: 413, 503, or 400 for bytes that are not of the format.
 */
export async function decompress(body: Buffer, options: DecompressOptions): Promise<Buffer> {
  const chunkSize = expectedSize(body, options.format);
  const output = body.length <= atOnceInputBytes ? atOnce(body, chunkSize, options) : undefined;
  return output ?? (await inSteps(body, chunkSize, options));
}

/** `undefined` when the output is too large to block the event loop for. */
function atOnce(body: Buffer, chunkSize: number, { format, limitBytes, lease }: DecompressOptions): Buffer | undefined {
  const maxOutputLength = Math.min(limitBytes, atOnceOutputBytes);
  let output: Buffer;
  try {
    output = sync[format](body, { maxOutputLength, chunkSize });
  } catch (reason) {
    if (codeOf(reason) !== "ERR_BUFFER_TOO_LARGE") throw invalid(reason, format);
    if (limitBytes <= atOnceOutputBytes) throw tooLarge(limitBytes);
    return undefined;
  }
  lease.take(output.length);
  return compact(output, chunkSize);
}

function inSteps(body: Buffer, chunkSize: number, options: DecompressOptions): Promise<Buffer> {
  const { format, limitBytes, lease } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const stream = streams[format]({ chunkSize });
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on("data", (chunk: Buffer) => {
    try {
      length += chunk.length;
      if (length > limitBytes) throw tooLarge(limitBytes);
      lease.take(chunk.length);
      chunks.push(chunk);
    } catch (failure) {
      stream.destroy();
      reject(failure);
    }
  });
  stream.on("end", () => resolve(joined(chunks, length, chunkSize)));
  stream.on("error", (reason) => reject(invalid(reason, format)));
  stream.end(body);
  return promise;
}

/**
 * How much one step may give out. A gzip member ends with its size before compression (RFC 1952, ISIZE): where that is
 * true one step is enough, and where it lies only the number of steps changes.
 */
function expectedSize(body: Buffer, format: Format): number {
  const told = format === "gzip" && body.length >= 18 ? body.readUInt32LE(body.length - 4) + 1 : body.length * 8;
  return Math.min(Math.max(told, smallestChunk), largestChunk);
}

function joined(chunks: readonly Buffer[], length: number, chunkSize: number): Buffer {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return compact(first, chunkSize);
  return Buffer.concat(chunks, length);
}

/** A view that holds on to a buffer of more than twice its size is copied: batches live longer than requests. */
function compact(output: Buffer, chunkSize: number): Buffer {
  return output.length * 2 < chunkSize ? Buffer.from(output) : output;
}

function codeOf(reason: unknown): unknown {
  return reason instanceof Error && "code" in reason ? reason.code : undefined;
}

function invalid(reason: unknown, format: Format): Failure {
  return badRequest(`the body is not valid ${format}: ${reason instanceof Error ? reason.message : String(reason)}`);
}
