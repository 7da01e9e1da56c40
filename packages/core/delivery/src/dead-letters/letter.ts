import { createHash } from "node:crypto";
import { type Batch, type Signal, signals } from "@dbintel/pdata";
import { z } from "zod";
import { type DropReason, dropReasons } from "../request/outcome.ts";

/*
 * A dead letter on disk is one record of a journal: the length of its head (u32, little-endian), the head as JSON with
 * the format's version, then the OTLP export request as protobuf. Version 1 is the only one so far.
 */
const formatVersion = 1;

const head = z.object({
  version: z.literal(formatVersion),
  hash: z.string().length(64),
  signal: z.enum(signals),
  items: z.int().positive(),
  reason: z.enum(dropReasons),
  code: z.string(),
  httpStatus: z.int().optional(),
  message: z.string(),
  attempts: z.int(),
  trimmed: z.boolean(),
  count: z.int().positive(),
  firstUnixMs: z.int(),
  lastUnixMs: z.int(),
});

/** Why items are dead letters, and since when. */
export interface DeadLetter {
  /** SHA-256 of signal and content, 64 hexadecimal digits. Of the redacted content: one of the other could be guessed. */
  readonly hash: string;
  readonly signal: Signal;
  readonly items: number;
  readonly reason: DropReason;
  /** Of the last error, one of the codes of `@dbintel/errors`. */
  readonly code: string;
  readonly httpStatus?: number | undefined;
  /** Of the last error, redacted. */
  readonly message: string;
  /** Requests that the items were in and that were not taken. */
  readonly attempts: number;
  /** Whether the items were tried once more with their texts cut. The letter has them whole. */
  readonly trimmed: boolean;
  /** How often the same content came. */
  readonly count: number;
  readonly firstUnixMs: number;
  readonly lastUnixMs: number;
}

/** What whoever puts a letter in says of it. */
export type DeadLetterCause = Omit<DeadLetter, "hash" | "count" | "firstUnixMs" | "lastUnixMs">;

/** How many digits of the hash people are shown. */
const shownDigits = 12;

/** The name of a letter for people. */
export function letterId({ hash }: DeadLetter): string {
  return hash.slice(0, shownDigits);
}

/** A letter for programs. */
export function letterJson(exporter: string, letter: DeadLetter): Readonly<Record<string, unknown>> {
  return {
    id: letterId(letter),
    content_sha256: letter.hash,
    exporter,
    signal: letter.signal,
    items: letter.items,
    reason: letter.reason,
    error_code: letter.code,
    http_status: letter.httpStatus,
    message: letter.message,
    tries: letter.attempts,
    trimmed: letter.trimmed,
    seen: letter.count,
    first_seen: new Date(letter.firstUnixMs).toISOString(),
    last_seen: new Date(letter.lastUnixMs).toISOString(),
  };
}

export function contentHash(signal: Signal, content: Uint8Array): string {
  return createHash("sha256").update(signal).update("\0").update(content).digest("hex");
}

export function encodeLetter(letter: DeadLetter, content: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify({ version: formatVersion, ...letter }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, content]);
}

/** `undefined` for what this program did not write. */
export function decodeLetter(bytes: Uint8Array): { letter: DeadLetter; content: Uint8Array } | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 4) return undefined;
  const end = 4 + buffer.readUInt32LE(0);
  if (end > buffer.length) return undefined;
  try {
    const { version: _, ...letter } = head.parse(JSON.parse(buffer.toString("utf8", 4, end)));
    return { letter, content: buffer.subarray(end) };
  } catch {
    return undefined;
  }
}

/** What a batch in a letter is: its content is as it was sent, but for what was redacted. */
export interface OpenedLetter {
  readonly letter: DeadLetter;
  readonly batch: Batch;
}
