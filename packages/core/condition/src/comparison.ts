import type { AttributeKey } from "@dbintel/pdata";
import type { Utf8Reader } from "./closure.ts";
import { isNumeric, relations } from "./compare.ts";
import type { Comparison, ComparisonOperator, Expression, Literal, Owner } from "./expression.ts";
import { equalBytes } from "./text.ts";

/** Both tests of a comparison: whether it is true, and whether it is false (which absence makes neither). */
export interface ComparisonTests<T> {
  readonly isTrue: (item: T) => boolean;
  readonly isFalse: (item: T) => boolean;
}

const mirrored: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/**
 * The comparisons that most conditions consist of, a field or an attribute against a literal, without decoding a text
 * and without a bigint: `benchmarks/condition` shows what that saves. `undefined` for all others.
 */
export function compileComparison<T>(comparison: Comparison<T>): ComparisonTests<T> | undefined {
  const { operator, left, right } = comparison;
  if (right.kind === "literal") return withLiteral(operator, left, right.value);
  if (left.kind === "literal") return withLiteral(mirrored[operator], right, left.value);
  return undefined;
}

function withLiteral<T>(
  operator: ComparisonOperator,
  subject: Expression<T>,
  literal: Literal,
): ComparisonTests<T> | undefined {
  if (typeof literal === "string" && (operator === "==" || operator === "!=")) {
    const tests = equalsText(subject, literal);
    if (tests === undefined || operator === "==") return tests;
    return { isTrue: tests.isFalse, isFalse: tests.isTrue };
  }
  if (!isNumeric(literal)) return undefined;
  if (subject.kind === "variable" && subject.variable.type === "int") {
    const { read } = subject.variable;
    const relation = relations[operator];
    return { isTrue: (item) => relation(read(item), literal), isFalse: (item) => !relation(read(item), literal) };
  }
  // Above 2^53 getNumber rounds: 2^53 + 1 reads as 2^53. It rounds to nothing below 2^53, so that any literal
  // below is on the same side of the rounded value as of the exact one.
  if (subject.kind === "attribute" && Math.abs(Number(literal)) < 2 ** 53) {
    return attributeWithNumber(operator, subject.owner, subject.key, Number(literal));
  }
  return undefined;
}

function attributeWithNumber<T>(
  operator: ComparisonOperator,
  owner: Owner<T>,
  key: AttributeKey,
  literal: number,
): ComparisonTests<T> {
  const relation = relations[operator];
  // Values of different types are unequal, and in no order.
  const mismatch = operator === "==" ? false : operator === "!=" ? true : undefined;
  const test = (item: T, wanted: boolean) => {
    const attributes = owner(item);
    const number = attributes.getNumber(key);
    if (number !== undefined) return relation(number, literal) === wanted;
    return mismatch === wanted && attributes.has(key);
  };
  return { isTrue: (item) => test(item, true), isFalse: (item) => test(item, false) };
}

function equalsText<T>(subject: Expression<T>, literal: string): ComparisonTests<T> | undefined {
  const utf8 = Buffer.from(literal, "utf8");
  if (subject.kind === "attribute") {
    const { owner, key } = subject;
    return {
      isTrue: (item) => owner(item).equals(key, utf8),
      isFalse: (item) => {
        const attributes = owner(item);
        return attributes.has(key) && !attributes.equals(key, utf8);
      },
    };
  }
  if (subject.kind !== "variable") return undefined;
  const { variable } = subject;
  if (variable.type === "string") {
    const { read } = variable;
    return { isTrue: (item) => read(item) === literal, isFalse: (item) => read(item) !== literal };
  }
  if (variable.type === "dyn" && variable.utf8 !== undefined) return textOfField(variable.utf8, utf8);
  return undefined;
}

/** A field with bytes to show, such as the body, is never absent: what is no text is unequal to one. */
function textOfField<T>(read: Utf8Reader<T>, literal: Uint8Array): ComparisonTests<T> {
  const equal = (item: T) => {
    const utf8 = read(item);
    return utf8 !== undefined && equalBytes(utf8, literal);
  };
  return { isTrue: equal, isFalse: (item) => !equal(item) };
}
