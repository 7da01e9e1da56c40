import type { AnyValue } from "@dbintel/pdata";

/** The types that the action `convert` converts to. */
export type ConvertedType = "int" | "double" | "string";

// The longest texts that can stand for a number; the bound keeps the patterns below off long values.
const maxIntLength = 20;
const maxDoubleLength = 400;

function fits(value: bigint): bigint | undefined {
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function toInt(value: AnyValue): bigint | undefined {
  switch (typeof value) {
    case "bigint":
      return value;
    case "number":
      return Number.isFinite(value) ? fits(BigInt(Math.trunc(value))) : undefined;
    case "boolean":
      return value ? 1n : 0n;
    case "string":
      return value.length <= maxIntLength && /^[+-]?\d+$/.test(value)
        ? fits(BigInt(value.replace("+", "")))
        : undefined;
    default:
      return undefined;
  }
}

function toDouble(value: AnyValue): number | undefined {
  switch (typeof value) {
    case "number":
      return value;
    case "bigint":
      return Number(value);
    case "boolean":
      return value ? 1 : 0;
    case "string":
      return value.length <= maxDoubleLength && /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)
        ? Number(value)
        : undefined;
    default:
      return undefined;
  }
}

/** The value in another type; `undefined` where it has none: a text that is no number, a list, a map. */
export function convertValue(value: AnyValue, type: ConvertedType): AnyValue | undefined {
  switch (type) {
    case "int":
      return toInt(value);
    case "double":
      return toDouble(value);
    case "string":
      return typeof value === "object" ? undefined : String(value);
  }
}
