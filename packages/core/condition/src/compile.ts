import type { AnyValue } from "@dbintel/pdata";
import { calculate, negate } from "./arithmetic.ts";
import type { Answer, Truth, Value } from "./closure.ts";
import { compareValues, isList, isMap } from "./compare.ts";
import { compileComparison } from "./comparison.ts";
import type { Expression } from "./expression.ts";
import { matchBytes, matchString, member, oneOf, size, textOnBytes, textOnStrings } from "./predicate.ts";
import { utf8Reader } from "./utf8-reader.ts";

/*
 * Two readings of one expression, because CEL knows three outcomes of a test: true, false, and error (an absent
 * attribute, types that do not fit). An error is `undefined` here, and a condition that ends in one does not match.
 *
 * `compileTruth(e, wanted)` gives a test for one outcome alone. CEL's `&&` and `||` absorb errors
 * (`error || true` is true, `error && false` is false), so that
 *     a && b is true when both are true, false when one of them is false;
 *     a || b is true when one of them is true, false when both are false.
 * A test for one outcome needs no third value, and `attributes["k"] == "v"` becomes one comparison of bytes.
 * `compileValue` gives all outcomes, where a value is made of them. Each reading uses one reading of each part, so
 * that the closures are as many as the parts and one evaluation visits a part at most once.
 */

/** A test whether `expression` evaluates to `wanted`. */
export function compileTruth<T>(expression: Expression<T>, wanted: boolean): Truth<T> {
  switch (expression.kind) {
    case "not":
      return compileTruth(expression.operand, !wanted);
    case "and":
    case "or": {
      const left = compileTruth(expression.left, wanted);
      const right = compileTruth(expression.right, wanted);
      const both = (expression.kind === "and") === wanted;
      return both ? (item) => left(item) && right(item) : (item) => left(item) || right(item);
    }
    case "choice": {
      const test = compileValue(expression.test);
      const yes = compileTruth(expression.yes, wanted);
      const no = compileTruth(expression.no, wanted);
      return (item) => {
        const answer = test(item);
        return answer === true ? yes(item) : answer === false && no(item);
      };
    }
    case "presence": {
      const { owner, key } = expression;
      return (item) => owner(item).has(key) === wanted;
    }
    case "comparison": {
      const tests = compileComparison(expression);
      if (tests !== undefined) return wanted ? tests.isTrue : tests.isFalse;
      break;
    }
  }
  const value = compileValue(expression);
  return (item) => value(item) === wanted;
}

/** The value of an expression, for a test its outcome. */
export function compileValue<T>(expression: Expression<T>): Value<T> {
  switch (expression.kind) {
    case "literal": {
      const { value } = expression;
      return () => value;
    }
    case "duration": {
      const { nanoseconds } = expression;
      return () => nanoseconds;
    }
    case "variable": {
      const { variable } = expression;
      return variable.type === "int" ? (item) => BigInt(variable.read(item)) : variable.read;
    }
    case "attribute": {
      const { owner, key } = expression;
      return (item) => owner(item).get(key);
    }
    case "element":
      return elementOf(compileValue(expression.of), expression.key);
    case "arithmetic": {
      const { operator } = expression;
      const left = compileValue(expression.left);
      const right = compileValue(expression.right);
      return both(left, right, (a, b) => calculate(operator, a, b));
    }
    case "negation": {
      const operand = compileValue(expression.operand);
      return (item) => {
        const value = operand(item);
        return value === undefined ? undefined : negate(value);
      };
    }
    case "count": {
      const { owner } = expression;
      return (item) => BigInt(owner(item).size);
    }
    case "size":
      return size(compileValue(expression.of), utf8Reader(expression.of));
    case "choice": {
      const test = compileValue(expression.test);
      const yes = compileValue(expression.yes);
      const no = compileValue(expression.no);
      return (item) => {
        const answer = test(item);
        if (answer === true) return yes(item);
        return answer === false ? no(item) : undefined;
      };
    }
    case "not": {
      const operand = compileValue(expression.operand);
      return (item) => {
        const value = operand(item);
        return typeof value === "boolean" ? !value : undefined;
      };
    }
    case "and":
    case "or":
      return logic(expression.kind === "or", compileValue(expression.left), compileValue(expression.right));
    case "comparison": {
      const { operator } = expression;
      const left = compileValue(expression.left);
      const right = compileValue(expression.right);
      return both(left, right, (a, b) => compareValues(operator, a, b));
    }
    case "presence": {
      const { owner, key } = expression;
      return (item) => owner(item).has(key);
    }
    case "element-presence": {
      const { key } = expression;
      const of = compileValue(expression.of);
      return (item) => {
        const value = of(item);
        return value === undefined ? undefined : isMap(value) && value.has(key);
      };
    }
    case "one-of":
      return oneOf(compileValue(expression.element), expression.values);
    case "member":
      return both(compileValue(expression.element), compileValue(expression.container), member);
    case "text": {
      const { test, subject, argument } = expression;
      const utf8 = utf8Reader(subject);
      if (utf8 !== undefined && argument.kind === "literal" && typeof argument.value === "string") {
        return textOnBytes(test, utf8, argument.value);
      }
      return both(compileValue(subject), compileValue(argument), textOnStrings(test));
    }
    case "match": {
      const utf8 = utf8Reader(expression.subject);
      return utf8 === undefined
        ? matchString(compileValue(expression.subject), expression.pattern)
        : matchBytes(utf8, expression.pattern);
    }
  }
}

/** An operation on two values that are there. */
function both<T>(
  left: Value<T>,
  right: Value<T>,
  operation: (left: AnyValue, right: AnyValue) => AnyValue | undefined,
): Value<T> {
  return (item) => {
    const a = left(item);
    const b = right(item);
    return a === undefined || b === undefined ? undefined : operation(a, b);
  };
}

function elementOf<T>(of: Value<T>, key: string | bigint): Value<T> {
  if (typeof key === "string") {
    return (item) => {
      const value = of(item);
      return isMap(value) ? value.get(key) : undefined;
    };
  }
  const index = Number(key);
  return (item) => {
    const value = of(item);
    return isList(value) ? value[index] : undefined;
  };
}

/** `a || b` for `dominant` true, `a && b` for false: the dominant outcome of either side wins over an error. */
function logic<T>(dominant: boolean, left: Value<T>, right: Value<T>): Answer<T> {
  return (item) => {
    const a = left(item);
    if (a === dominant) return dominant;
    const b = right(item);
    if (b === dominant) return dominant;
    return a === !dominant && b === !dominant ? !dominant : undefined;
  };
}
