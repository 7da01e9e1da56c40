const initialSlots = 64;
/** A slot is two hashes and the window in which the series was seen last; window 0 marks a free one. */
const width = 3;

/**
 * Series by 64 bits of hash, each with the window in which it was seen last. Open addressing with linear probing in
 * one typed array: looking up and marking allocates nothing (benchmark `processors`). As large as it is filled.
 */
export class SeriesTable {
  #slots = new Int32Array(initialSlots * width);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Marks a series as seen in `window`; answers the window in which it was before, 0 when it is not in the table. */
  see(a: number, b: number, window: number): number {
    const at = this.#find(a, b);
    const before = this.#slots[at + 2] as number;
    if (before !== 0) this.#slots[at + 2] = window;
    return before;
  }

  /** Adds a series that is not in the table. */
  add(a: number, b: number, window: number): void {
    // Half empty at least, so that a search is short.
    if ((this.#size + 1) * width * 2 > this.#slots.length) this.#rebuild(this.#slots.length * 2, 1);
    this.#put(a, b, window);
  }

  /** Forgets what was not seen in `window` or later. */
  forgetBefore(window: number): void {
    this.#rebuild(this.#slots.length, window);
    let slots = initialSlots;
    while (this.#size * 2 > slots) slots *= 2;
    if (slots * width < this.#slots.length) this.#rebuild(slots * width, window);
  }

  #put(a: number, b: number, window: number): void {
    const at = this.#find(a, b);
    this.#slots[at] = a;
    this.#slots[at + 1] = b;
    this.#slots[at + 2] = window;
    this.#size++;
  }

  /** Where the series is, or the free slot where it would be. */
  #find(a: number, b: number): number {
    const slots = this.#slots;
    const mask = slots.length / width - 1;
    let slot = a & mask;
    for (;;) {
      const at = slot * width;
      if (slots[at + 2] === 0 || (slots[at] === a && slots[at + 1] === b)) return at;
      slot = (slot + 1) & mask;
    }
  }

  #rebuild(length: number, window: number): void {
    const before = this.#slots;
    this.#slots = new Int32Array(length);
    this.#size = 0;
    for (let at = 0; at < before.length; at += width) {
      const seen = before[at + 2] as number;
      if (seen >= window && seen !== 0) this.#put(before[at] as number, before[at + 1] as number, seen);
    }
  }
}
