import type { BatchState } from "./batch-state.ts";

/** Walks one level of a batch, past what is removed. The position starts before the first element. */
export abstract class LevelCursor {
  protected readonly state: BatchState;
  protected readonly level: number;
  protected element = -1;

  constructor(state: BatchState, level: number) {
    this.state = state;
    this.level = level;
  }

  advance(): boolean {
    const { state, level } = this;
    const { count } = state.index.level(level);
    let next = this.element + 1;
    if (state.edits !== undefined) {
      const edits = state.edits.level(level);
      while (next < count && edits.isGone(next)) next++;
    }
    this.element = next < count ? next : count;
    if (next >= count) return false;
    this.moved();
    return true;
  }

  /** Called at every new position. */
  protected abstract moved(): void;

  [Symbol.iterator](): Iterator<this> {
    return iterate(this);
  }
}

/** The iterator that yields the cursor itself at each position. */
export function iterate<C extends { advance(): boolean }>(cursor: C): Iterator<C> {
  return {
    next: () => (cursor.advance() ? { done: false, value: cursor } : { done: true, value: undefined }),
  };
}
