import { littleEndian } from "./number-bytes.ts";

const [low, high] = littleEndian ? [0, 1] : [1, 0];
/** How many numbers a half can be. */
const base = 2 ** 32;

/**
 * Integers from 0 to 2^64. The garbage collector knows one object of them; each `bigint` would be another, and a poll
 * compares hundreds of thousands: it does so by halves.
 */
export class Integers {
  readonly #whole: BigUint64Array;
  readonly #halves: Uint32Array;

  constructor(whole: BigUint64Array) {
    this.#whole = whole;
    this.#halves = new Uint32Array(whole.buffer, whole.byteOffset, 2 * whole.length);
  }

  /** So many zeros. */
  static zeros(length: number): Integers {
    return new Integers(new BigUint64Array(length));
  }

  /** The same, and zeros behind them. */
  grown(length: number): Integers {
    const whole = new BigUint64Array(length);
    whole.set(this.#whole);
    return new Integers(whole);
  }

  get length(): number {
    return this.#whole.length;
  }

  at(index: number): bigint {
    return this.#whole[index] ?? 0n;
  }

  /** One that is below 2^53. */
  number(index: number): number {
    return this.high(index) * base + this.low(index);
  }

  /** Those from one place to before another; they change when these do. */
  between(from: number, to: number): BigUint64Array {
    return this.#whole.subarray(from, to);
  }

  low(index: number): number {
    return this.#halves[2 * index + low] ?? 0;
  }

  high(index: number): number {
    return this.#halves[2 * index + high] ?? 0;
  }

  isZero(index: number): boolean {
    return this.high(index) === 0 && this.low(index) === 0;
  }

  /** Less than 0 when the one is smaller, 0 when they are equal. */
  compare(index: number, other: Integers, otherIndex: number): number {
    return this.high(index) - other.high(otherIndex) || this.low(index) - other.low(otherIndex);
  }

  set(index: number, value: bigint): void {
    this.#whole[index] = value;
  }

  /** An integer below 2^53. */
  setNumber(index: number, value: number): void {
    this.#setHalves(index, value, Math.floor(value / base));
  }

  /** Takes over so many of another. */
  copy(index: number, other: Integers, otherIndex: number, count = 1): void {
    for (let next = 0; next < count; next++) {
      this.#setHalves(index + next, other.low(otherIndex + next), other.high(otherIndex + next));
    }
  }

  /** Takes over all of a list. */
  fill(index: number, list: ArrayLike<bigint>): void {
    this.#whole.set(list, index);
  }

  /** What has to be added to get from one to another; past 2^64 it begins with 0 again. */
  setDifference(index: number, to: Integers, toIndex: number, from: Integers, fromIndex: number): void {
    const difference = to.low(toIndex) - from.low(fromIndex);
    const borrowed = difference < 0 ? 1 : 0;
    this.#setHalves(index, difference, to.high(toIndex) - from.high(fromIndex) - borrowed);
  }

  /** What is negative or too great is taken by its last 32 bits. */
  #setHalves(index: number, lowHalf: number, highHalf: number): void {
    this.#halves[2 * index + low] = lowHalf;
    this.#halves[2 * index + high] = highHalf;
  }
}

/** Sums of integers, or the greatest of them, exact for up to two million of each. */
export class IntegerTotals {
  readonly #low: Float64Array;
  readonly #high: Float64Array;

  constructor(length: number) {
    this.#low = new Float64Array(length);
    this.#high = new Float64Array(length);
  }

  add(index: number, of: Integers, at: number): void {
    this.#low[index] = (this.#low[index] ?? 0) + of.low(at);
    this.#high[index] = (this.#high[index] ?? 0) + of.high(at);
  }

  /** Keeps the greater one, for a total that nothing was added to. */
  raise(index: number, of: Integers, at: number): void {
    const isGreater = of.high(at) - (this.#high[index] ?? 0) || of.low(at) - (this.#low[index] ?? 0);
    if (isGreater <= 0) return;
    this.#low[index] = of.low(at);
    this.#high[index] = of.high(at);
  }

  at(index: number): bigint {
    return BigInt(this.#low[index] ?? 0) + (BigInt(this.#high[index] ?? 0) << 32n);
  }

  get all(): readonly bigint[] {
    return Array.from(this.#low, (_, index) => this.at(index));
  }
}
