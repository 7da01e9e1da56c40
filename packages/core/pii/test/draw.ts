/** Repeatable draws (mulberry32): the same seed gives the same values. */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  of<T>(list: readonly T[]): T {
    const value = list[this.below(list.length)];
    if (value === undefined) throw new RangeError("nothing to draw from");
    return value;
  }

  text(alphabet: string, length: number): string {
    return Array.from({ length }, () => alphabet[this.below(alphabet.length)]).join("");
  }

  digits(length: number): string {
    return this.text("0123456789", length);
  }

  hex(length: number): string {
    return this.text("0123456789abcdef", length);
  }

  /** Letters of both cases and digits, with one of each at the end. */
  token(length: number): string {
    return `${this.text(letters + letters.toLowerCase() + "0123456789", length - 3)}aB7`;
  }
}

export const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
