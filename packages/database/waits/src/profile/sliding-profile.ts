import { ordinalOf, type WaitCategory, waitCategories } from "../category.ts";
import { noWaits, type WaitProfile } from "./wait-profile.ts";

/** Numbers that a cell takes: slice and category in one, samples, seconds, squares of seconds. */
const stride = 4;
const categories = waitCategories.length;
const idle = ordinalOf("idle");

/**
 * The samples of one key in slices of time. Cells lie one after the other by time, and there are no more of them than
 * samples, so that a key that is seen now and then costs little; what has grown old falls off the front.
 */
export class SlidingProfile {
  #cells: number[] = [];
  /** Where the cells that still count begin. */
  #begin = 0;

  /** The last slice with a sample; -1 without any. */
  get lastSlice(): number {
    const tag = this.#cells[this.#cells.length - stride];
    return tag === undefined ? -1 : Math.floor(tag / categories);
  }

  /** `slice` must not lie before one that was added to. */
  add(slice: number, category: WaitCategory, seconds: number): void {
    const cells = this.#cells;
    const tag = slice * categories + ordinalOf(category);
    for (let cell = cells.length - stride; cell >= this.#begin; cell -= stride) {
      const there = cells[cell] ?? -1;
      if (there < slice * categories) break;
      if (there !== tag) continue;
      cells[cell + 1] = (cells[cell + 1] ?? 0) + 1;
      cells[cell + 2] = (cells[cell + 2] ?? 0) + seconds;
      cells[cell + 3] = (cells[cell + 3] ?? 0) + seconds * seconds;
      return;
    }
    cells.push(tag, 1, seconds, seconds * seconds);
  }

  /** Forgets what lies before a slice. */
  forgetBefore(slice: number): void {
    const cells = this.#cells;
    while (this.#begin < cells.length && (cells[this.#begin] ?? 0) < slice * categories) this.#begin += stride;
    // Moved only when half of it is empty, so that each cell is moved once on average.
    if (this.#begin * 2 < cells.length) return;
    this.#cells = cells.slice(this.#begin);
    this.#begin = 0;
  }

  /** The samples of the slices from `first` to `last`, without those of idle sessions. */
  profile(first: number, last: number, windowSeconds: number): WaitProfile {
    const samplesByCategory = [...noWaits.samplesByCategory];
    const secondsByCategory = [...noWaits.secondsByCategory];
    let samples = 0;
    let seconds = 0;
    let squares = 0;
    const cells = this.#cells;
    for (let cell = this.#begin; cell < cells.length; cell += stride) {
      const tag = cells[cell] ?? 0;
      if (tag < first * categories || tag >= (last + 1) * categories) continue;
      const category = tag % categories;
      if (category === idle) continue;
      samplesByCategory[category] = (samplesByCategory[category] ?? 0) + (cells[cell + 1] ?? 0);
      secondsByCategory[category] = (secondsByCategory[category] ?? 0) + (cells[cell + 2] ?? 0);
      samples += cells[cell + 1] ?? 0;
      seconds += cells[cell + 2] ?? 0;
      squares += cells[cell + 3] ?? 0;
    }
    return { samples, seconds, squares, windowSeconds, samplesByCategory, secondsByCategory };
  }
}
