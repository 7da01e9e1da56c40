import type { Attributes, LogRecord } from "@dbintel/pdata";

/** Ends a text that was cut; counts towards the size. */
export const cutMarker = "...[truncated]";

/** The text within `limit` bytes, marker included, never ending within a character. */
export function cut(utf8: Uint8Array, limit: number): string {
  let end = limit - cutMarker.length;
  // Bytes 10xxxxxx continue a character (RFC 3629 §3): the cut goes back to where one begins.
  while (end > 0 && ((utf8[end] ?? 0) & 0xc0) === 0x80) end--;
  const text = Buffer.from(utf8.buffer, utf8.byteOffset, Math.max(0, end)).toString("utf8") + cutMarker;
  // Bytes that are no UTF-8 become U+FFFD, which has three.
  return Buffer.byteLength(text) > limit ? cut(Buffer.from(text), limit) : text;
}

/** Cuts a text body; true when it was too long. */
export function cutBody(record: LogRecord, limit: number): boolean {
  const utf8 = record.bodyUtf8;
  if (utf8 === undefined || utf8.length <= limit) return false;
  record.body = cut(utf8, limit);
  return true;
}

/** Cuts text attributes; answers how many were too long. */
export function cutAttributes(attributes: Attributes, limit: number): number {
  let count = 0;
  for (const key of attributes.keys()) {
    const utf8 = attributes.getUtf8(key);
    if (utf8 === undefined || utf8.length <= limit) continue;
    attributes.set(key, cut(utf8, limit));
    count++;
  }
  return count;
}
