/**
 * The longest wait that a destination can ask for. A wrong clock on either side, or a hostile answer, must not park
 * an exporter for years.
 */
export const maxRetryAfterMs = 3_600_000;

/**
 * Reads an HTTP `Retry-After` header: whole seconds or an HTTP date (RFC 9110, section 10.2.3; OTLP 1.11 allows both).
 * Returns milliseconds from now, at most an hour; `undefined` when the header is absent or is neither.
 */
export function parseRetryAfter(header: string | undefined, nowUnixNano: bigint): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, maxRetryAfterMs);
  // Date.parse takes almost anything; an HTTP date starts with the name of a day.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return undefined;
  return Math.min(Math.max(0, at - Number(nowUnixNano / 1_000_000n)), maxRetryAfterMs);
}
