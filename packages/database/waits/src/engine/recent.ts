import type { Seen } from "../advice/evidence.ts";

/** What was seen last of many things, the latest of so many. */
export class Recent<Value> {
  readonly #max: number;
  /** In the order of their last sight. */
  readonly #seen = new Map<string, Seen<Value>>();

  constructor(max: number) {
    this.#max = max;
  }

  set(key: string, timeMs: number, value: Value): void {
    this.#seen.delete(key);
    this.#seen.set(key, { timeMs, value });
    if (this.#seen.size <= this.#max) return;
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
  }

  get(key: string): Seen<Value> | undefined {
    return this.#seen.get(key);
  }

  /** Lets go of what was seen before a time. */
  forgetBefore(timeMs: number): void {
    for (const [key, seen] of this.#seen) if (seen.timeMs < timeMs) this.#seen.delete(key);
  }

  entries(): IterableIterator<[string, Seen<Value>]> {
    return this.#seen.entries();
  }
}
