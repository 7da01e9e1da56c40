import {
  addNumbers,
  type DataPoint,
  type Distribution,
  distributionIncrease,
  joinDistributions,
  type NumberValue,
  subtractNumbers,
} from "@dbintel/pdata";

/** What a point has measured: a number, or what a histogram has counted. */
export type Value = NumberValue | Distribution;

/** DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK: the point says that there is no value. */
const noRecordedValue = 1;

/** `undefined` for a point without a value and for summaries. */
export function measured(point: DataPoint): Value | undefined {
  if ((point.flags & noRecordedValue) !== 0) return undefined;
  const { type } = point.metric;
  return type === "gauge" || type === "sum" ? point.value : point.distribution;
}

export function setValue(point: DataPoint, value: Value): void {
  if (typeof value === "object") point.distribution = value;
  else point.value = value;
}

/** What was counted between two totals; `undefined` when the later one cannot have grown out of the earlier one. */
export function difference(later: Value, earlier: Value): Value | undefined {
  if (typeof later === "object") {
    return typeof earlier === "object" ? distributionIncrease(later, earlier) : undefined;
  }
  if (typeof earlier === "object") return undefined;
  const change = subtractNumbers(later, earlier);
  return change >= 0 ? change : undefined;
}

/** Both together; `undefined` when they cannot be added. */
export function sum(one: Value, other: Value): Value | undefined {
  if (typeof one === "object") return typeof other === "object" ? joinDistributions(one, other) : undefined;
  return typeof other === "object" ? undefined : addNumbers(one, other);
}
