import type { AnyValue } from "@dbintel/pdata";
import type { ComparisonOperator } from "./expression.ts";

type Numeric = bigint | number;

/** The operators on two numbers. JavaScript compares a bigint with a number exactly, without rounding either. */
export const relations: Readonly<Record<ComparisonOperator, (left: Numeric, right: Numeric) => boolean>> = {
  // biome-ignore lint/suspicious/noDoubleEquals: === holds for no bigint and number, == compares them by value
  "==": (left, right) => left == right,
  // biome-ignore lint/suspicious/noDoubleEquals: as above
  "!=": (left, right) => left != right,
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
};

export function isNumeric(value: unknown): value is Numeric {
  return typeof value === "bigint" || typeof value === "number";
}

export function isList(value: AnyValue | undefined): value is readonly AnyValue[] {
  return Array.isArray(value);
}

export function isMap(value: AnyValue | undefined): value is ReadonlyMap<string, AnyValue> {
  return value instanceof Map;
}

/** CEL's equality: numbers by value whatever their type, lists and maps by content, different types are unequal. */
export function equalValues(left: AnyValue, right: AnyValue): boolean {
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null) {
    if (left === right) return true;
    return isNumeric(left) && isNumeric(right) && relations["=="](left, right);
  }
  if (left instanceof Uint8Array) return right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  if (isList(left)) {
    if (!isList(right) || left.length !== right.length) return false;
    return left.every((element, index) => {
      const other = right[index];
      return other !== undefined && equalValues(element, other);
    });
  }
  if (!isMap(left) || !isMap(right) || left.size !== right.size) return false;
  for (const [key, value] of left) {
    const other = right.get(key);
    if (other === undefined || !equalValues(value, other)) return false;
  }
  return true;
}

/**
 * The order of two texts by code point, which is also the order of their UTF-8 bytes and what CEL asks for.
 * JavaScript compares UTF-16 units, where surrogates (D800–DFFF) sort before E000–FFFF though they stand for more.
 */
function compareTexts(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    return a >= 0xd800 && b >= 0xd800 ? rank(a) - rank(b) : a - b;
  }
  return left.length - right.length;
}

function rank(unit: number): number {
  return unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Whether `left operator right` holds; `undefined` where CEL has no such operation. */
export function compareValues(operator: ComparisonOperator, left: AnyValue, right: AnyValue): boolean | undefined {
  if (operator === "==") return equalValues(left, right);
  if (operator === "!=") return !equalValues(left, right);
  const relation = relations[operator];
  if (isNumeric(left) && isNumeric(right)) return relation(left, right);
  if (typeof left === "string" && typeof right === "string") return relation(compareTexts(left, right), 0);
  if (typeof left === "boolean" && typeof right === "boolean") return relation(Number(left), Number(right));
  if (left instanceof Uint8Array && right instanceof Uint8Array) return relation(Buffer.compare(left, right), 0);
  return undefined;
}
