import { crc32 } from "node:zlib";

/*
 * A segment on disk; all integers little-endian.
 *
 *   head, 64 bytes                           record, as many as there are
 *    0  "DBIQ"                                0  "DBIr"
 *    4  u32 format version of its writer      4  u32 length of what is stored
 *    8  u32 oldest version that can read it   8  u32 index in the segment, from 0 without gaps
 *   12  u32 flags: 1 = encrypted             12  u32 items
 *   16  u64 number                           16  u64 when it was appended, milliseconds since 1970
 *   24  16 random bytes                      24  u32 CRC-32 of what is stored
 *   40  8 bytes: which key, or zeros         28  u32 0
 *   48  12 bytes of zeros                    32  u32 CRC-32 of bytes 0–31, begun with the seed
 *   60  u32 CRC-32 of bytes 0–59: the seed   36  what is stored
 *
 * A finished segment's file is used again for a new one. What the old one left behind the new records never passes for
 * one of them: the seed differs, because the random bytes do.
 *
 * Version 1 is the only one so far. A segment says itself since when it can be read, so that an older program knows
 * what to leave alone and a newer one what to take up again.
 */
export const formatVersion = 1;
export const headBytes = 64;
export const recordHeadBytes = 36;
/** Where the part of a record's head ends that encryption authenticates. */
const authenticatedBytes = 24;

const segmentMagic = Buffer.from("DBIQ");
export const recordMagic = Buffer.from("DBIr");
const encryptedFlag = 1;

export interface SegmentHead {
  readonly number: number;
  readonly salt: Uint8Array;
  /** The key that its records are encrypted with; absent when they are not. */
  readonly keyId: Buffer | undefined;
}

export interface RecordHead {
  /** Length of what is stored: of the content, or of the encrypted content with its tag. */
  readonly length: number;
  readonly index: number;
  readonly items: number;
  readonly storedUnixMs: number;
}

export function encodeSegmentHead({ number, salt, keyId }: SegmentHead): Buffer {
  const head = Buffer.alloc(headBytes);
  segmentMagic.copy(head);
  head.writeUInt32LE(formatVersion, 4);
  head.writeUInt32LE(formatVersion, 8);
  head.writeUInt32LE(keyId === undefined ? 0 : encryptedFlag, 12);
  head.writeBigUInt64LE(BigInt(number), 16);
  head.set(salt, 24);
  if (keyId !== undefined) head.set(keyId, 40);
  head.writeUInt32LE(crc32(head.subarray(0, 60)), 60);
  return head;
}

/** What begins the checksums of a segment's records. */
export function seedOf(head: Buffer): number {
  return head.readUInt32LE(60);
}

export type DecodedHead =
  | { readonly kind: "head"; readonly head: SegmentHead }
  /** Written by a later program for later programs. */
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "damaged" };

export function decodeSegmentHead(bytes: Buffer): DecodedHead {
  const whole = bytes.length >= headBytes && bytes.subarray(0, 4).equals(segmentMagic);
  if (!whole || crc32(bytes.subarray(0, 60)) !== bytes.readUInt32LE(60)) return { kind: "damaged" };
  if (bytes.readUInt32LE(8) > formatVersion) return { kind: "newer", version: bytes.readUInt32LE(4) };
  const encrypted = (bytes.readUInt32LE(12) & encryptedFlag) !== 0;
  const head: SegmentHead = {
    number: Number(bytes.readBigUInt64LE(16)),
    salt: bytes.subarray(24, 40),
    keyId: encrypted ? bytes.subarray(40, 48) : undefined,
  };
  return { kind: "head", head };
}

/** The first part of a record's head, which needs nothing but the facts. */
export function beginRecordHead({ length, index, items, storedUnixMs }: RecordHead): Buffer {
  const head = Buffer.alloc(recordHeadBytes);
  recordMagic.copy(head);
  head.writeUInt32LE(length, 4);
  head.writeUInt32LE(index, 8);
  head.writeUInt32LE(items, 12);
  head.writeBigUInt64LE(BigInt(storedUnixMs), 16);
  return head;
}

/** Fills in the checksums. */
export function sealRecordHead(head: Buffer, stored: readonly Uint8Array[], seed: number): void {
  head.writeUInt32LE(
    stored.reduce((crc, part) => crc32(part, crc), 0),
    24,
  );
  head.writeUInt32LE(crc32(head.subarray(0, 32), seed), 32);
}

/** The head of the record at `start`; `undefined` when there is none of this segment. */
export function decodeRecordHead(bytes: Buffer, start: number, seed: number): RecordHead | undefined {
  if (start + recordHeadBytes > bytes.length || !bytes.subarray(start, start + 4).equals(recordMagic)) return undefined;
  if (crc32(bytes.subarray(start, start + 32), seed) !== bytes.readUInt32LE(start + 32)) return undefined;
  return {
    length: bytes.readUInt32LE(start + 4),
    index: bytes.readUInt32LE(start + 8),
    items: bytes.readUInt32LE(start + 12),
    storedUnixMs: Number(bytes.readBigUInt64LE(start + 16)),
  };
}

/** Whether the stored bytes of a record, head included, are those that were written. */
export function isWhole(record: Buffer): boolean {
  return crc32(record.subarray(recordHeadBytes)) === record.readUInt32LE(24);
}

/** What of a record's head encryption authenticates. */
export function authenticated(head: Buffer): Buffer {
  return head.subarray(0, authenticatedBytes);
}
