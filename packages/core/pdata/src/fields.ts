/** Reads and writes the singular fields of the message that a place stands on. */
import { PdataError, valueError } from "./pdata-error.ts";
import type { Place } from "./place.ts";
import { afterField, afterVarint, contentStart, readUint32 } from "./wire.ts";
import type { Writer } from "./writer.ts";

const nothing = new Uint8Array(0);

/** The position of the tag of a field, or -1. */
export function fieldAt(place: Place, field: number): number {
  place.sync();
  return place.outline.field(field);
}

/** A fixed64 field; 0n when unset. */
export function getFixed64(place: Place, field: number): bigint {
  const pos = fieldAt(place, field);
  return pos < 0 ? 0n : place.source.view.getBigUint64(afterVarint(place.source.bytes, pos), true);
}

export function getFixed32(place: Place, field: number): number {
  const pos = fieldAt(place, field);
  return pos < 0 ? 0 : place.source.view.getUint32(afterVarint(place.source.bytes, pos), true);
}

/** A uint32 field; 0 when unset. */
export function getUint32(place: Place, field: number): number {
  const pos = fieldAt(place, field);
  return pos < 0 ? 0 : readUint32(place.source.bytes, afterVarint(place.source.bytes, pos));
}

/** An enum field; 0 when unset. */
export function getEnum(place: Place, field: number): number {
  return getUint32(place, field) | 0;
}

export function getString(place: Place, field: number): string {
  const pos = fieldAt(place, field);
  if (pos < 0) return "";
  const { source } = place;
  return source.string(contentStart(source.bytes, pos), afterField(source.bytes, pos));
}

/** A trace or span id in hexadecimal digits; "" when unset. */
export function getId(place: Place, field: number): string {
  const pos = fieldAt(place, field);
  if (pos < 0) return "";
  const { source } = place;
  return source.hex(contentStart(source.bytes, pos), afterField(source.bytes, pos));
}

/**
 * Replaces a field by what was written to the place's scratch writer; an empty writer removes it.
 * What changes nothing is no edit, so that it does not bring a missing message into being.
 */
export function replaceField(place: Place, field: number, patch: Writer): void {
  if (patch.length === 0) {
    removeField(place, field);
    return;
  }
  place.own(patch.length);
  const pos = fieldAt(place, field);
  const from = pos < 0 ? place.end : pos;
  const to = pos < 0 ? from : afterField(place.source.bytes, pos);
  place.splice(from, to, patch.bytes, patch.length);
}

export function removeField(place: Place, field: number): void {
  if (fieldAt(place, field) < 0) return;
  place.own(0);
  const pos = fieldAt(place, field);
  place.splice(pos, afterField(place.source.bytes, pos), nothing);
}

export function setFixed64(place: Place, field: number, value: bigint): void {
  const patch = place.scratch();
  writeFixed64(patch, field, value);
  replaceField(place, field, patch);
}

export function setFixed32(place: Place, field: number, value: number): void {
  const patch = place.scratch();
  writeFixed32(patch, field, value);
  replaceField(place, field, patch);
}

export function setUint32(place: Place, field: number, value: number): void {
  const patch = place.scratch();
  writeUint32(patch, field, value);
  replaceField(place, field, patch);
}

export function setEnum(place: Place, field: number, value: number): void {
  const patch = place.scratch();
  writeEnum(patch, field, value);
  replaceField(place, field, patch);
}

export function setString(place: Place, field: number, value: string): void {
  const patch = place.scratch();
  writeString(patch, field, value);
  replaceField(place, field, patch);
}

export function setId(place: Place, field: number, value: string, size: number): void {
  const patch = place.scratch();
  writeId(patch, field, value, size);
  replaceField(place, field, patch);
}

// What is unset in protobuf is not written: zero, the empty string, the empty id.

export function writeFixed64(writer: Writer, field: number, value: bigint | undefined): void {
  if (value === undefined || value === 0n) return;
  if (value < 0n || value >= 2n ** 64n) throw valueError(`${value} is not an unsigned 64-bit integer`);
  writer.fixed64(field, value);
}

export function writeFixed32(writer: Writer, field: number, value: number | undefined): void {
  if (value === undefined || checkUint32(value) === 0) return;
  writer.fixed32(field, value);
}

export function writeUint32(writer: Writer, field: number, value: number | undefined): void {
  if (value === undefined || checkUint32(value) === 0) return;
  writer.uint32(field, value);
}

export function writeEnum(writer: Writer, field: number, value: number | undefined): void {
  if (value === undefined || value === 0) return;
  if ((value | 0) !== value) throw valueError(`${value} is not a 32-bit integer`);
  writer.int32(field, value);
}

export function writeString(writer: Writer, field: number, value: string | undefined): void {
  if (value === undefined || value === "") return;
  if (typeof value !== "string") throw valueError(`a ${typeof value} where a string belongs`);
  writer.string(field, value);
}

/** An id of `size` bytes from hexadecimal digits of either case. */
export function writeId(writer: Writer, field: number, value: string | undefined, size: number): void {
  if (value === undefined || value === "") return;
  if (value.length !== size * 2 || !/^[0-9a-f]*$/i.test(value)) {
    throw new PdataError(`an id that is not ${size * 2} hexadecimal digits`, {
      code: "DBI_PDATA_VALUE",
      hint: `Give ${size * 2} hexadecimal digits, or "" for no id.`,
    });
  }
  writer.bytesField(field, Buffer.from(value, "hex"));
}

function checkUint32(value: number): number {
  if (value >>> 0 !== value) throw valueError(`${value} is not an unsigned 32-bit integer`);
  return value;
}
