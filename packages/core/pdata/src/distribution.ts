/**
 * Reads and writes what a histogram point has counted.
 *
 * HistogramDataPoint            => count(4) FIXED64, sum(5) optional DOUBLE, bucket_counts(6) [FIXED64],
 *                                  explicit_bounds(7) [DOUBLE], min(11), max(12) optional DOUBLE
 * ExponentialHistogramDataPoint => count(4) FIXED64, sum(5) optional DOUBLE, scale(6) SINT32, zero_count(7) FIXED64,
 *                                  positive(8), negative(9) Buckets, min(12), max(13) optional DOUBLE,
 *                                  zero_threshold(14) DOUBLE
 * Buckets                       => offset(1) SINT32, bucket_counts(2) [UINT64]
 */
import type { ExponentialBuckets, ExponentialHistogram, Histogram } from "./api.ts";
import { fieldAt, getFixed64, removeField, writeFixed64 } from "./fields.ts";
import { valueError } from "./pdata-error.ts";
import type { Place } from "./place.ts";
import type { Source } from "./source.ts";
import { afterField, afterVarint, contentStart, fieldNumber, findField, LEN, readUint32, readUint64 } from "./wire.ts";
import type { Writer } from "./writer.ts";

const explicit = { count: 4, sum: 5, counts: 6, bounds: 7, min: 11, max: 12 } as const;
const exponential = {
  count: 4,
  sum: 5,
  scale: 6,
  zeroCount: 7,
  positive: 8,
  negative: 9,
  min: 12,
  max: 13,
  zeroThreshold: 14,
} as const;
const buckets = { offset: 1, counts: 2 } as const;

export function readHistogram(place: Place): Histogram {
  return {
    type: "histogram",
    count: getFixed64(place, explicit.count),
    sum: optionalDouble(place, explicit.sum),
    min: optionalDouble(place, explicit.min),
    max: optionalDouble(place, explicit.max),
    bucketCounts: fixed64s(place, explicit.counts, (view, pos) => view.getBigUint64(pos, true)),
    bounds: fixed64s(place, explicit.bounds, (view, pos) => view.getFloat64(pos, true)),
  };
}

export function writeHistogram(place: Place, value: Histogram): void {
  replaceFields(place, Object.values(explicit), (writer) => {
    writeFixed64(writer, explicit.count, value.count);
    writeDouble(writer, explicit.sum, value.sum);
    writePacked(writer, explicit.counts, value.bucketCounts, (count) => writer.rawFixed64(unsigned(count)));
    writePacked(writer, explicit.bounds, value.bounds, (bound) => writer.rawDouble(bound));
    writeDouble(writer, explicit.min, value.min);
    writeDouble(writer, explicit.max, value.max);
  });
}

export function readExponentialHistogram(place: Place): ExponentialHistogram {
  const scale = fieldAt(place, exponential.scale);
  return {
    type: "exponential_histogram",
    count: getFixed64(place, exponential.count),
    sum: optionalDouble(place, exponential.sum),
    min: optionalDouble(place, exponential.min),
    max: optionalDouble(place, exponential.max),
    scale: scale < 0 ? 0 : readSint32(place.source.bytes, afterVarint(place.source.bytes, scale)),
    zeroCount: getFixed64(place, exponential.zeroCount),
    zeroThreshold: optionalDouble(place, exponential.zeroThreshold) ?? 0,
    positive: readBuckets(place, exponential.positive),
    negative: readBuckets(place, exponential.negative),
  };
}

export function writeExponentialHistogram(place: Place, value: ExponentialHistogram): void {
  replaceFields(place, Object.values(exponential), (writer) => appendExponentialHistogram(writer, value));
}

/** What a point counts, as its fields behind those that are there. */
export function appendExponentialHistogram(writer: Writer, value: Omit<ExponentialHistogram, "type">): void {
  writeFixed64(writer, exponential.count, value.count);
  writeDouble(writer, exponential.sum, value.sum);
  writeSint32(writer, exponential.scale, value.scale);
  writeFixed64(writer, exponential.zeroCount, value.zeroCount);
  writeBuckets(writer, exponential.positive, value.positive);
  writeBuckets(writer, exponential.negative, value.negative);
  writeDouble(writer, exponential.min, value.min);
  writeDouble(writer, exponential.max, value.max);
  if (!Object.is(value.zeroThreshold, 0)) writer.double(exponential.zeroThreshold, value.zeroThreshold);
}

function readBuckets(place: Place, field: number): ExponentialBuckets {
  const pos = fieldAt(place, field);
  if (pos < 0) return { offset: 0, counts: [] };
  const { bytes } = place.source;
  const start = contentStart(bytes, pos);
  const end = afterField(bytes, pos);
  const offset = findField(bytes, start, end, buckets.offset);
  const counts: bigint[] = [];
  for (let at = start; at < end; at = afterField(bytes, at)) {
    if (fieldNumber(bytes, at) !== buckets.counts) continue;
    if (!isLen(bytes, at)) counts.push(readUint64(bytes, afterVarint(bytes, at)));
    else {
      const behind = afterField(bytes, at);
      for (let item = contentStart(bytes, at); item < behind; item = afterVarint(bytes, item)) {
        counts.push(readUint64(bytes, item));
      }
    }
  }
  return { offset: offset < 0 ? 0 : readSint32(bytes, afterVarint(bytes, offset)), counts };
}

function writeBuckets(writer: Writer, field: number, { offset, counts }: ExponentialBuckets): void {
  if (offset === 0 && counts.length === 0) return;
  const mark = writer.open(field);
  writeSint32(writer, buckets.offset, offset);
  writePacked(writer, buckets.counts, counts, (count) => writer.varint64(unsigned(count)));
  writer.close(mark);
}

/** Puts what `write` writes in the place of all fields with these numbers; what else the message has stays. */
function replaceFields(place: Place, fields: readonly number[], write: (writer: Writer) => void): void {
  const patch = place.scratch();
  write(patch);
  const bytes = patch.bytes.slice(0, patch.length);
  for (const field of fields) while (fieldAt(place, field) >= 0) removeField(place, field);
  place.own(bytes.length);
  place.splice(place.end, place.end, bytes);
}

/** The items of a repeated field of eight bytes each, packed or not. */
function fixed64s<T>(place: Place, field: number, read: (view: DataView, pos: number) => T): T[] {
  place.sync();
  const { source, start, end } = place;
  const { bytes, view }: Source = source;
  const items: T[] = [];
  for (let pos = start; pos < end; pos = afterField(bytes, pos)) {
    if (fieldNumber(bytes, pos) !== field) continue;
    const from = isLen(bytes, pos) ? contentStart(bytes, pos) : afterVarint(bytes, pos);
    for (let at = from; at < afterField(bytes, pos); at += 8) items.push(read(view, at));
  }
  return items;
}

function isLen(bytes: Uint8Array, pos: number): boolean {
  return ((bytes[pos] as number) & 7) === LEN;
}

function optionalDouble(place: Place, field: number): number | undefined {
  const pos = fieldAt(place, field);
  return pos < 0 ? undefined : place.source.view.getFloat64(afterVarint(place.source.bytes, pos), true);
}

function writeDouble(writer: Writer, field: number, value: number | undefined): void {
  if (value !== undefined) writer.double(field, value);
}

function writePacked<T>(writer: Writer, field: number, items: readonly T[], write: (item: T) => void): void {
  if (items.length === 0) return;
  const mark = writer.open(field, items.length * 8);
  for (const item of items) write(item);
  writer.close(mark);
}

/** ZigZag: the sign in the lowest bit. */
function readSint32(bytes: Uint8Array, pos: number): number {
  const zigzag = readUint32(bytes, pos);
  return (zigzag >>> 1) ^ -(zigzag & 1);
}

function writeSint32(writer: Writer, field: number, value: number): void {
  if ((value | 0) !== value) throw valueError(`${value} is not a 32-bit integer`);
  if (value !== 0) writer.sint32(field, value);
}

function unsigned(count: bigint): bigint {
  if (count < 0n || count >= 2n ** 64n) throw valueError(`${count} is not an unsigned 64-bit integer`);
  return count;
}
