import type { FileHandle } from "node:fs/promises";
import { type Batch, encodeJson } from "@dbintel/pdata";
import type { FileConfig } from "./config.ts";

/** How records follow each other in a file. */
export interface Framing {
  /** The bytes of one batch, ready to be appended. */
  frame(batch: Batch): Uint8Array;
  /** Whether the file ends with a whole record; an empty one does. */
  endsWhole(file: FileHandle, size: number): Promise<boolean>;
}

/** One OTLP/JSON request a line. JSON text holds no line break, so a line is whole exactly when it has its end. */
const lines: Framing = {
  frame: (batch) => Buffer.from(`${encodeJson(batch)}\n`),
  async endsWhole(file, size) {
    if (size === 0) return true;
    const last = Buffer.alloc(1);
    await file.read(last, 0, 1, size - 1);
    return last[0] === 0x0a;
  },
};

const lengthBytes = 4;

/** How much of a file is read at once to walk its lengths. */
const chunkBytes = 2 ** 20;

/** 4 bytes of big-endian length, then the request as protobuf; the OpenTelemetry Collector's `proto` format. */
const lengthPrefixed: Framing = {
  frame(batch) {
    const body = batch.encode();
    const head = Buffer.alloc(lengthBytes);
    head.writeUInt32BE(body.byteLength);
    return Buffer.concat([head, body]);
  },
  async endsWhole(file, size) {
    const chunk = Buffer.alloc(Math.min(chunkBytes, size));
    let chunkAt = 0;
    let chunkEnd = 0;
    for (let at = 0; at < size; ) {
      if (at + lengthBytes > size) return false;
      if (at < chunkAt || at + lengthBytes > chunkEnd) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
        if (bytesRead < lengthBytes) return false;
        chunkAt = at;
        chunkEnd = at + bytesRead;
      }
      at += lengthBytes + chunk.readUInt32BE(at - chunkAt);
      if (at > size) return false;
    }
    return true;
  },
};

/** The framing of a `format`. */
export function framingOf(format: FileConfig["format"]): Framing {
  return format === "json" ? lines : lengthPrefixed;
}
