import { kindOf } from "@dbintel/errors";
import type { Signal } from "./api.ts";
import { PdataError } from "./pdata-error.ts";

const decoders = { logs: "decodeLogs", metrics: "decodeMetrics", traces: "decodeTraces" } as const;

/** Compressed formats by their first bytes (RFC 1952, RFC 8878), and what unpacks them in Node. */
const compressed = [
  { name: "gzip", magic: [0x1f, 0x8b], unpack: "gunzipSync" },
  { name: "zstd", magic: [0x28, 0xb5, 0x2f, 0xfd], unpack: "zstdDecompressSync" },
] as const;

/**
 * Throws for what would be read as a request without a record: text and objects, which only a caller without types can
 * give, and compressed bytes, whose beginning may be a field that protobuf does not know.
 */
export function checkInput(given: unknown, signal: Signal): void {
  if (!isBytes(given)) {
    const message = `expected the bytes of an export request, found ${kindOf(given)}`;
    throw new PdataError(message, { code: "DBI_PDATA_VALUE", ...hintFor(given, signal) });
  }
  const format = compressed.find(({ magic }) => magic.every((byte, index) => given[index] === byte));
  if (format === undefined) return;
  const message = `expected the bytes of an export request, found bytes that ${format.name} has compressed`;
  const hint = `unpack them first, within a bound: ${format.unpack}(bytes, { maxOutputLength }) of node:zlib`;
  throw new PdataError(message, { code: "DBI_PDATA_VALUE", hint });
}

/** The reason why bytes are no OTLP protobuf, or a clearer one where they are JSON. */
export function notProtobuf(reason: unknown, bytes: Uint8Array, signal: Signal): unknown {
  if (!(reason instanceof PdataError) || !beginsAsJson(bytes)) return reason;
  const hint = `decodeJson("${signal}", bytes) reads OTLP/JSON`;
  return new PdataError("JSON where OTLP protobuf belongs", { code: reason.code, offset: 0, hint });
}

/**
 * The reason why bytes are no OTLP/JSON, or a clearer one where they seem to be protobuf: a request begins with the tag
 * of its field 1.
 */
export function notJson(reason: unknown, bytes: Uint8Array, signal: Signal): unknown {
  if (!(reason instanceof PdataError) || bytes[0] !== 0x0a || beginsAsJson(bytes)) return reason;
  const hint = `${decoders[signal]}(bytes) reads OTLP protobuf`;
  return new PdataError("no JSON object where OTLP/JSON belongs", { code: reason.code, offset: 0, hint });
}

/** The brace of an object, and what may follow it, behind white space. */
function beginsAsJson(bytes: Uint8Array): boolean {
  const beginning = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256)).toString("latin1");
  return /^\s*\{\s*(?:["}]|$)/.test(beginning);
}

/** Not `instanceof`: the bytes may come from another realm, such as that of a test runner. */
function isBytes(given: unknown): given is Uint8Array {
  return ArrayBuffer.isView(given);
}

function hintFor(given: unknown, signal: Signal): { readonly hint?: string } {
  if (given instanceof ArrayBuffer) return { hint: "give a view of it: new Uint8Array(buffer)" };
  if (typeof given === "string") return { hint: `decodeJson("${signal}", text) reads OTLP/JSON` };
  if (typeof given !== "object" || given === null) return {};
  return { hint: `decodeJson("${signal}", JSON.stringify(value)) reads an object in the form of OTLP/JSON` };
}
