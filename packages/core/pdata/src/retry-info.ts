/**
 * What a server says in `google.rpc.Status` about when to come back (google/rpc/error_details.proto):
 * Any => type_url(1) STRING, value(2) RetryInfo; RetryInfo => retry_delay(1) Duration;
 * Duration => seconds(1) INT64, nanos(2) INT32
 */
import { validated } from "./index-builder.ts";
import { anyType, retryInfoType } from "./otlp-messages.ts";
import { PdataError } from "./pdata-error.ts";
import { Source } from "./source.ts";
import { afterField, afterVarint, contentStart, findField, readInt32, readInt64AsNumber } from "./wire.ts";
import type { Writer } from "./writer.ts";

const typeUrl = "type.googleapis.com/google.rpc.RetryInfo";

/** Writes an Any with a RetryInfo as `field`. */
export function writeRetryInfo(writer: Writer, field: number, delayMs: number): void {
  const seconds = Math.floor(delayMs / 1000);
  const any = writer.open(field);
  writer.string(1, typeUrl);
  const info = writer.open(2);
  const duration = writer.open(1);
  if (seconds !== 0) writer.int64(1, BigInt(seconds));
  const nanos = Math.round((delayMs - 1000 * seconds) * 1e6);
  if (nanos !== 0) writer.int32(2, nanos);
  writer.close(duration);
  writer.close(info);
  writer.close(any);
}

/** The delay of an Any in milliseconds; `undefined` when it is of another type, or cannot be read. */
export function readRetryInfo(any: Uint8Array): number | undefined {
  try {
    const { bytes } = new Source(validated(anyType, any));
    const url = findField(bytes, 0, bytes.length, 1);
    const value = content(bytes, 2);
    if (url < 0 || value === undefined) return undefined;
    if (new Source(bytes).string(contentStart(bytes, url), afterField(bytes, url)) !== typeUrl) return undefined;
    const duration = content(validated(retryInfoType, value), 1);
    return duration === undefined ? 0 : milliseconds(duration);
  } catch (error) {
    if (error instanceof PdataError) return undefined;
    throw error;
  }
}

function milliseconds(duration: Uint8Array): number {
  const seconds = findField(duration, 0, duration.length, 1);
  const nanos = findField(duration, 0, duration.length, 2);
  const wholeMs = seconds < 0 ? 0 : 1000 * readInt64AsNumber(duration, afterVarint(duration, seconds));
  return wholeMs + (nanos < 0 ? 0 : readInt32(duration, afterVarint(duration, nanos)) / 1e6);
}

/** The content of the first field `field`, a message or bytes. */
function content(bytes: Uint8Array, field: number): Uint8Array | undefined {
  const at = findField(bytes, 0, bytes.length, field);
  return at < 0 ? undefined : bytes.subarray(contentStart(bytes, at), afterField(bytes, at));
}
