/** Many ways to write the same OTLP/JSON, all of them allowed by the specification. */
import type { JsonValue } from "@bufbuild/protobuf";
import type { Dice } from "./scramble.ts";

const integers = new Set([
  "timeUnixNano",
  "startTimeUnixNano",
  "endTimeUnixNano",
  "observedTimeUnixNano",
  "intValue",
  "asInt",
  "count",
  "zeroCount",
  "bucketCounts",
]);
const ids = new Set(["traceId", "spanId", "parentSpanId"]);

/** Names that OTLP/JSON does not know, original field names among them, with values that must be passed over. */
const unknown = [
  '"unknownName":{"a":[1,{"b":null},"}]"],"c":true}',
  '"severity_text":"original names are not valid"',
  '"start_time_unix_nano":"1"',
  '"":false',
  '"__proto__":{"x":[[[]]]}',
  '"x":-1.5e-3',
] as const;

/**
 * Writes JSON with integers as numbers or strings, ids in either case, members in another order, unknown members,
 * `null` for what is unset, escapes and white space.
 */
export function writeJson(value: JsonValue, dice: Dice, name = ""): string {
  if (Array.isArray(value)) return `[${space(dice)}${value.map((item) => writeJson(item, dice, name)).join(" ,")}]`;
  if (typeof value === "string") return writeString(value, dice, name);
  if (typeof value === "number") return writeNumber(value, dice, name);
  if (typeof value === "boolean" || value === null) return String(value);
  const members = Object.entries(value).map(([key, item]) => `"${key}"${space(dice)}:${writeJson(item, dice, key)}`);
  if (dice(4) === 0) members.splice(dice(members.length + 1), 0, unknown[dice(unknown.length)] ?? "");
  if (dice(4) === 0 && value.schemaUrl === undefined) members.push('"schemaUrl":null');
  if (dice(2) === 0) members.reverse();
  return `{${members.join(`,${space(dice)}`)}${space(dice)}}`;
}

function writeString(value: string, dice: Dice, name: string): string {
  if (integers.has(name) && dice(2) === 0) return value;
  if (ids.has(name) && dice(2) === 0) return `"${value.toUpperCase()}"`;
  if (dice(4) !== 0) return JSON.stringify(value);
  const units = Array.from({ length: value.length }, (_, at) => value.charCodeAt(at).toString(16).padStart(4, "0"));
  return `"${units.map((unit) => `\\u${unit}`).join("")}"`;
}

function writeNumber(value: number, dice: Dice, name: string): string {
  if (Object.is(value, -0)) return "-0";
  return dice(5) === 0 && name !== "severityNumber" ? `"${value}"` : String(value);
}

function space(dice: Dice): string {
  return [" ", "\n", "\t\r", ""][dice(4)] ?? "";
}
