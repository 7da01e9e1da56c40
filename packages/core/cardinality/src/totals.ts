import { addNumbers, type NumberValue, subtractNumbers } from "@dbintel/pdata";
import { LRUCache } from "lru-cache";

/** Cumulative series whose last value is remembered; one beyond displaces that which was silent longest. */
const maxSeries = 100_000;

/** The running totals of folded cumulative series. */
export class Totals {
  readonly #last = new LRUCache<number, NumberValue>({ max: maxSeries });
  readonly #totals = new LRUCache<number, NumberValue>({ max: maxSeries });

  /** Adds to the total of a folded series what one of its parts has risen by; the total. */
  rise(args: {
    readonly folded: number;
    readonly part: number;
    readonly value: NumberValue;
    readonly monotonic: boolean;
  }): NumberValue {
    const { folded, part, value, monotonic } = args;
    const total = addNumbers(this.#totals.get(folded) ?? 0n, this.#increase(part, value, monotonic));
    this.#totals.set(folded, total);
    return total;
  }

  /** What a series has added since it was last seen; all of it after a reset. */
  #increase(series: number, value: NumberValue, monotonic: boolean): NumberValue {
    const before = this.#last.get(series);
    this.#last.set(series, value);
    if (before === undefined || (monotonic && value < before)) return value;
    return subtractNumbers(value, before);
  }
}
