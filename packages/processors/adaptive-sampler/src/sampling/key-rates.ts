import { none } from "./candidates.ts";

/** Weight of the newest interval in the throughput of a key. */
const weight = 0.5;

/**
 * The keys with the highest throughput, in a bounded table: the space-saving algorithm (Metwally, Agrawal, El Abbadi,
 * ICDT 2005). A key that finds the table full takes the place of the least one together with its count, which is then
 * an upper bound; until it has shown more than that itself, it belongs to the common key of all others, so a flood of
 * keys seen once gets the share of one key.
 */
export class KeyRates {
  readonly #capacity: number;
  readonly #intervalMs: number;
  readonly #slots = new Map<number, number>();
  readonly #keys: Int32Array;
  /** Of the present interval and an average of those before: what the table is ordered by. */
  readonly #counts: Float64Array;
  readonly #errors: Float64Array;
  /** Records an interval, exponentially averaged. */
  readonly #rates: Float64Array;
  readonly #seen: Float64Array;
  /** A binary heap of slots, least count first, and where each slot is in it. */
  readonly #heap: Int32Array;
  readonly #places: Int32Array;
  #otherRate = 0;
  #otherSeen = 0;
  #endMs = Number.NEGATIVE_INFINITY;

  constructor(args: { readonly capacity: number; readonly intervalMs: number }) {
    const { capacity } = args;
    this.#capacity = capacity;
    this.#intervalMs = args.intervalMs;
    this.#keys = new Int32Array(capacity);
    this.#counts = new Float64Array(capacity);
    this.#errors = new Float64Array(capacity);
    this.#rates = new Float64Array(capacity);
    this.#seen = new Float64Array(capacity);
    this.#heap = new Int32Array(capacity);
    this.#places = new Int32Array(capacity);
  }

  /** Keys in the table. */
  get size(): number {
    return this.#slots.size;
  }

  /** Ends intervals that are over: averages move on, those of silent keys and silent times decay. */
  roll(nowMs: number): void {
    if (nowMs < this.#endMs) return;
    if (!Number.isFinite(this.#endMs)) {
      this.#endMs = nowMs + this.#intervalMs;
      return;
    }
    const intervals = Math.floor((nowMs - this.#endMs) / this.#intervalMs) + 1;
    this.#endMs += intervals * this.#intervalMs;
    const silence = (1 - weight) ** (intervals - 1);
    for (let slot = 0; slot < this.size; slot++) {
      const rate = this.#rates[slot] as number;
      this.#rates[slot] = (rate + weight * ((this.#seen[slot] as number) - rate)) * silence;
      this.#seen[slot] = 0;
      // All counts shrink by one factor, so their order and the heap stay.
      this.#counts[slot] = (this.#counts[slot] as number) * (1 - weight) * silence;
      this.#errors[slot] = (this.#errors[slot] as number) * (1 - weight) * silence;
    }
    this.#otherRate = (this.#otherRate + weight * (this.#otherSeen - this.#otherRate)) * silence;
    this.#otherSeen = 0;
  }

  /** Counts a record of a key; the slot that it belongs to, `none` for the common key of all others. */
  observe(key: number): number {
    const slot = this.#slotOf(key);
    this.#counts[slot] = (this.#counts[slot] as number) + 1;
    this.#seen[slot] = (this.#seen[slot] as number) + 1;
    this.#sink(this.#places[slot] as number);
    if (this.#isOwn(slot)) return slot;
    this.#otherSeen += 1;
    return none;
  }

  /** Counts a record without a key, which belongs to the common one. */
  observeOther(): void {
    this.#otherSeen += 1;
  }

  /**
   * What share of its records a key may keep, relative to other keys: the logarithm of its throughput over the
   * throughput, so that what is kept of a key grows with the logarithm of what there is.
   */
  share(slot: number): number {
    const rate =
      slot === none
        ? Math.max(this.#otherRate, this.#otherSeen)
        : Math.max(this.#rates[slot] as number, this.#seen[slot] as number);
    return rate < 1e-9 ? 1 : Math.log1p(rate) / rate;
  }

  #isOwn(slot: number): boolean {
    const error = this.#errors[slot] as number;
    return (this.#counts[slot] as number) - error > error;
  }

  #slotOf(key: number): number {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const { size } = this;
    if (size < this.#capacity) {
      this.#slots.set(key, size);
      this.#keys[size] = key;
      this.#heap[size] = size;
      this.#places[size] = size;
      this.#rise(size);
      return size;
    }
    const least = this.#heap[0] as number;
    this.#slots.delete(this.#keys[least] as number);
    this.#slots.set(key, least);
    this.#keys[least] = key;
    this.#errors[least] = this.#counts[least] as number;
    this.#rates[least] = 0;
    this.#seen[least] = 0;
    return least;
  }

  /** The count at a place of the heap grew. */
  #sink(from: number): void {
    const { size } = this;
    let place = from;
    for (;;) {
      let least = place;
      for (let child = 2 * place + 1; child <= 2 * place + 2 && child < size; child++) {
        if (this.#at(child) < this.#at(least)) least = child;
      }
      if (least === place) return;
      this.#swap(place, least);
      place = least;
    }
  }

  /** A count at a place of the heap is new. */
  #rise(from: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#at(parent) <= this.#at(place)) return;
      this.#swap(place, parent);
      place = parent;
    }
  }

  #at(place: number): number {
    return this.#counts[this.#heap[place] as number] as number;
  }

  #swap(a: number, b: number): void {
    const slotA = this.#heap[a] as number;
    const slotB = this.#heap[b] as number;
    this.#heap[a] = slotB;
    this.#heap[b] = slotA;
    this.#places[slotA] = b;
    this.#places[slotB] = a;
  }
}
