/** The value of a number point: `as_int` or `as_double`. */
export type NumberValue = bigint | number;

/** Integers stay integers as long as they fit into `as_int`. */
export function addNumbers(a: NumberValue, b: NumberValue): NumberValue {
  if (typeof a !== "bigint" || typeof b !== "bigint") return Number(a) + Number(b);
  const sum = a + b;
  return BigInt.asIntN(64, sum) === sum ? sum : Number(sum);
}

export function subtractNumbers(a: NumberValue, b: NumberValue): NumberValue {
  return typeof a === "bigint" && typeof b === "bigint" ? a - b : Number(a) - Number(b);
}
