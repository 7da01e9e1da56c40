import type { AnyValue } from "@dbintel/pdata";
import { isList } from "./compare.ts";
import type { ArithmeticOperator } from "./expression.ts";

/** CEL's int has 64 bits; what does not fit is an error, never a wrapped number. */
export function int64(value: bigint): bigint | undefined {
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function ofInts(operator: ArithmeticOperator, left: bigint, right: bigint): bigint | undefined {
  switch (operator) {
    case "+":
      return int64(left + right);
    case "-":
      return int64(left - right);
    case "*":
      return int64(left * right);
    case "/":
      return right === 0n ? undefined : int64(left / right);
    case "%":
      return right === 0n ? undefined : left % right;
  }
}

function ofDoubles(operator: ArithmeticOperator, left: number, right: number): number | undefined {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return undefined;
  }
}

/** CEL's arithmetic on two ints or two doubles, and `+` of two texts, lists or bytes; `undefined` for all else. */
export function calculate(operator: ArithmeticOperator, left: AnyValue, right: AnyValue): AnyValue | undefined {
  if (typeof left === "bigint" && typeof right === "bigint") return ofInts(operator, left, right);
  if (typeof left === "number" && typeof right === "number") return ofDoubles(operator, left, right);
  if (operator !== "+") return undefined;
  if (typeof left === "string" && typeof right === "string") return left + right;
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.concat([left, right]);
  return isList(left) && isList(right) ? [...left, ...right] : undefined;
}

/** CEL's unary minus; `undefined` for what is no number and for the one int without a counterpart. */
export function negate(value: AnyValue): AnyValue | undefined {
  if (typeof value === "bigint") return int64(-value);
  return typeof value === "number" ? -value : undefined;
}
