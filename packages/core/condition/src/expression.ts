import type { AttributeKey, Attributes } from "@dbintel/pdata";
import type RE2 from "re2";
import type { Variable } from "./variable.ts";

/** A literal: CEL's int is a bigint, its double a number. */
export type Literal = string | boolean | bigint | number | null | Uint8Array;

export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%";
export type TextTest = "startsWith" | "endsWith" | "contains";

/** A variable that has a value of its own, which the attributes as a whole have not. */
export type ValueVariable<T> = Exclude<Variable<T>, { readonly type: "attributes" }>;

/** Reads the attributes that an expression looks into. */
export type Owner<T> = (item: T) => Attributes;

/**
 * A checked condition over items of type `T`: only what the compiler can evaluate is representable.
 * Names are resolved, patterns compiled, durations read, and keys encoded.
 */
export type Expression<T> =
  | { readonly kind: "literal"; readonly value: Literal }
  /** `duration("1s")`, nanoseconds. */
  | { readonly kind: "duration"; readonly nanoseconds: bigint }
  | { readonly kind: "variable"; readonly variable: ValueVariable<T> }
  | { readonly kind: "attribute"; readonly owner: Owner<T>; readonly key: AttributeKey }
  /** A member of a map or a list inside a value. */
  | { readonly kind: "element"; readonly of: Expression<T>; readonly key: string | bigint }
  | { readonly kind: "not"; readonly operand: Expression<T> }
  | { readonly kind: "and" | "or"; readonly left: Expression<T>; readonly right: Expression<T> }
  | {
      readonly kind: "choice";
      readonly test: Expression<T>;
      readonly yes: Expression<T>;
      readonly no: Expression<T>;
    }
  | Comparison<T>
  | {
      readonly kind: "arithmetic";
      readonly operator: ArithmeticOperator;
      readonly left: Expression<T>;
      readonly right: Expression<T>;
    }
  | { readonly kind: "negation"; readonly operand: Expression<T> }
  /** `"name" in attributes` and `has(attributes.name)`. */
  | { readonly kind: "presence"; readonly owner: Owner<T>; readonly key: AttributeKey }
  /** `has(body.name)`. */
  | { readonly kind: "element-presence"; readonly of: Expression<T>; readonly key: string }
  /** `x in ["a", "b"]`. */
  | { readonly kind: "one-of"; readonly element: Expression<T>; readonly values: readonly Literal[] }
  /** `x in attributes["list"]`. */
  | { readonly kind: "member"; readonly element: Expression<T>; readonly container: Expression<T> }
  | {
      readonly kind: "text";
      readonly test: TextTest;
      readonly subject: Expression<T>;
      readonly argument: Expression<T>;
    }
  | { readonly kind: "match"; readonly subject: Expression<T>; readonly pattern: RE2 }
  | { readonly kind: "size"; readonly of: Expression<T> }
  | { readonly kind: "count"; readonly owner: Owner<T> };

export interface Comparison<T> {
  readonly kind: "comparison";
  readonly operator: ComparisonOperator;
  readonly left: Expression<T>;
  readonly right: Expression<T>;
}
