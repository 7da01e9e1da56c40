import type { AnyValue } from "@dbintel/pdata";
import type RE2 from "re2";
import type { Answer, Utf8Reader, Value } from "./closure.ts";
import { equalValues, isList, isMap } from "./compare.ts";
import type { Literal, TextTest } from "./expression.ts";
import { codePoints, codePointsOfBytes, onBytes, onStrings } from "./text.ts";

/** `element in ["a", 1]`. */
export function oneOf<T>(element: Value<T>, literals: readonly Literal[]): Answer<T> {
  const texts = new Set(literals.filter((literal) => typeof literal === "string"));
  const others = literals.filter((literal) => typeof literal !== "string");
  return (item) => {
    const value = element(item);
    if (value === undefined) return undefined;
    if (typeof value === "string") return texts.has(value);
    return others.some((other) => equalValues(value, other));
  };
}

/** `value in container`: an element of a list or a key of a map. */
export function member(value: AnyValue, container: AnyValue): boolean | undefined {
  if (isList(container)) return container.some((other) => equalValues(value, other));
  // A list, a map, or null cannot be the key of a map; a number or a boolean can, though OTLP's keys are all texts.
  if (!isMap(container) || typeof value === "object") return undefined;
  return typeof value === "string" && container.has(value);
}

/** `startsWith`, `endsWith` and `contains` of a constant in bytes that nobody decodes. */
export function textOnBytes<T>(test: TextTest, subject: Utf8Reader<T>, constant: string): Answer<T> {
  const holds = onBytes[test];
  const argument = Buffer.from(constant, "utf8");
  return (item) => {
    const utf8 = subject(item);
    return utf8 === undefined ? undefined : holds(utf8, argument);
  };
}

/** The same on values. */
export function textOnStrings(test: TextTest): (text: AnyValue, part: AnyValue) => boolean | undefined {
  const holds = onStrings[test];
  return (text, part) => (typeof text === "string" && typeof part === "string" ? holds(text, part) : undefined);
}

/** `matches` on bytes: RE2 needs no string, and its time is linear in the length of the text. */
export function matchBytes<T>(subject: Utf8Reader<T>, pattern: RE2): Answer<T> {
  return (item) => {
    const utf8 = subject(item);
    return utf8 === undefined ? undefined : pattern.test(utf8);
  };
}

/** `matches` on a value. */
export function matchString<T>(subject: Value<T>, pattern: RE2): Answer<T> {
  return (item) => {
    const text = subject(item);
    return typeof text === "string" ? pattern.test(text) : undefined;
  };
}

/** `size`: code points of a text, bytes, elements of a list, keys of a map. */
export function size<T>(of: Value<T>, utf8: Utf8Reader<T> | undefined): Value<T> {
  return (item) => {
    const bytes = utf8?.(item);
    if (bytes !== undefined) return BigInt(codePointsOfBytes(bytes));
    const value = of(item);
    if (typeof value === "string") return BigInt(codePoints(value));
    if (value instanceof Uint8Array) return BigInt(value.length);
    if (isMap(value)) return BigInt(value.size);
    return isList(value) ? BigInt(value.length) : undefined;
  };
}
