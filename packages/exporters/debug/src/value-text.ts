import type { AnyValue, Attributes } from "@dbintel/pdata";

/** How many bytes of a bytes value are shown. */
const maxHexBytes = 32;

/**
 * Control characters, the second block of them included, and the characters that change the direction of text:
 * telemetry is foreign text, and a terminal would obey it.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to be found.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A text on one line with nothing that a terminal would obey. */
export function plain(text: string): string {
  return text.replace(unprintable, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A value on one line: strings bare where that is clear, else in quotes. */
export function valueText(value: AnyValue): string {
  if (value === null) return "(empty)";
  if (typeof value === "string") return /^[^\s"'={}[\],]+$/.test(value) ? plain(value) : `"${plain(value)}"`;
  if (typeof value === "number") return Number.isInteger(value) ? value.toFixed(1) : String(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof Uint8Array) return bytesText(value);
  if (isMap(value)) return `{${[...value].map(([key, item]) => `${plain(key)}=${valueText(item)}`).join(" ")}}`;
  return `[${value.map(valueText).join(", ")}]`;
}

function isMap(value: ReadonlyMap<string, AnyValue> | readonly AnyValue[]): value is ReadonlyMap<string, AnyValue> {
  return value instanceof Map;
}

function bytesText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, maxHexBytes)).toString("hex");
  return bytes.length > maxHexBytes ? `0x${hex}… (${bytes.length} bytes)` : `0x${hex}`;
}

/** All attributes on one line. */
export function attributesText(attributes: Attributes): string {
  return [...attributes.entries()].map(([key, value]) => `${plain(key)}=${valueText(value)}`).join(" ");
}

/** Nanoseconds since 1970 as ISO 8601 with all nine digits; "-" when unset. */
export function timeText(unixNano: bigint): string {
  if (unixNano === 0n) return "-";
  const date = new Date(Number(unixNano / 1_000_000n));
  if (Number.isNaN(date.getTime())) return `${unixNano} ns`;
  const nanos = String(unixNano % 1_000_000_000n).padStart(9, "0");
  return `${date.toISOString().slice(0, 19)}.${nanos}Z`;
}
