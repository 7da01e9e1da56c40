import { argumentError } from "@dbintel/errors";

/** The span that a statement belongs to. */
export interface TraceContext {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const zeroTrace = "0".repeat(32);
const zeroSpan = "0".repeat(16);

/**
 * Reads the `traceparent` of W3C Trace Context, level 2: from a comment tag, `application_name` or MySQL's
 * `@traceparent`. `undefined` for what the specification calls invalid.
 */
export function parseTraceparent(value: string): TraceContext | undefined {
  if (typeof value !== "string") {
    const hint = "give it as a string; where there is none, do not call";
    throw argumentError({ expected: "the text of a traceparent", given: value, hint });
  }
  const [version = "", traceId = "", spanId = "", flags = "", ...rest] = value.trim().split("-", 6);
  if (!isHex(version, 2) || version === "ff" || !isHex(flags, 2)) return undefined;
  // Only later versions may append fields.
  if (version === "00" && rest.length > 0) return undefined;
  if (!isHex(traceId, 32) || traceId === zeroTrace || !isHex(spanId, 16) || spanId === zeroSpan) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

function isHex(text: string, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) {
    const char = text.charCodeAt(i);
    if (!((char >= 48 && char <= 57) || (char >= 97 && char <= 102))) return false;
  }
  return true;
}
