import { type BatchIndex, ITEM, type Level } from "./batch-index.ts";
import { copyBytes } from "./copy.ts";
import type { Encoder } from "./encoder.ts";
import { Source } from "./source.ts";

/** Flags of an element: it is removed; it or something below it changed. */
export const GONE = 1;
export const TOUCHED = 2;

/** `aggregation_temporality` of sums and histograms of both kinds. */
export const temporalityField = 2;

/** Memory for rewritten slices is taken in pieces of at least this many bytes. */
const chunkSize = 16_384;

/**
 * The edits of one level. Each element has one slice that can be rewritten: the Resource of a group, the
 * InstrumentationScope of a container, a metric without its data, a whole record, span or data point.
 */
export class LevelEdits {
  readonly flags: Uint8Array;
  /** Children that are not removed; set up by the first removal. */
  live: Int32Array | undefined;
  /** 1 + the arena chunk that holds the rewritten slice, 0 when it is not rewritten. */
  chunk: Uint32Array | undefined;
  start: Int32Array | undefined;
  end: Int32Array | undefined;

  constructor(flags: Uint8Array) {
    this.flags = flags;
  }

  clone(): LevelEdits {
    const copy = new LevelEdits(this.flags.slice());
    copy.live = this.live?.slice();
    copy.chunk = this.chunk?.slice();
    copy.start = this.start?.slice();
    copy.end = this.end?.slice();
    return copy;
  }

  isGone(element: number): boolean {
    return ((this.flags[element] as number) & GONE) !== 0;
  }

  isTouched(element: number): boolean {
    return this.flags[element] !== 0;
  }

  isRewritten(element: number): boolean {
    return this.chunk !== undefined && this.chunk[element] !== 0;
  }

  rewrittenLength(element: number): number {
    return (this.end?.[element] ?? 0) - (this.start?.[element] ?? 0);
  }

  setRewritten(element: number, chunk: number, start: number, end: number): void {
    const count = this.flags.length;
    this.chunk ??= new Uint32Array(count);
    this.start ??= new Int32Array(count);
    this.end ??= new Int32Array(count);
    this.chunk[element] = chunk + 1;
    this.start[element] = start;
    this.end[element] = end;
  }
}

/** All edits of a batch that are not written yet, over an index that never changes. */
export class Edits {
  readonly levels: readonly LevelEdits[];
  /** Leaves (records, spans, points) that are removed. */
  removed = 0;
  /** Writes the batch with these edits, once for all forks that share them; made anew behind each further edit. */
  encoder: Encoder | undefined;
  /** New values of `aggregation_temporality`, by metric. */
  readonly temporalities: Map<number, number>;
  readonly #index: BatchIndex;
  readonly #chunks: Source[];
  /** Bytes in use of the last chunk; a chunk taken over from a fork counts as full. */
  #used = Number.POSITIVE_INFINITY;

  constructor(index: BatchIndex, from?: Edits) {
    this.#index = index;
    this.levels = from
      ? from.levels.map((level) => level.clone())
      : index.levels.map((level) => new LevelEdits(new Uint8Array(level.count)));
    this.removed = from?.removed ?? 0;
    this.temporalities = new Map(from?.temporalities);
    this.#chunks = from ? [...from.#chunks] : [];
  }

  level(number: number): LevelEdits {
    return this.levels[number] as LevelEdits;
  }

  /** The memory that the rewritten slice of an element lies in. */
  source(level: number, element: number): Source {
    return this.#chunks[(this.level(level).chunk?.[element] as number) - 1] as Source;
  }

  setTemporality(metric: number, value: number): void {
    this.temporalities.set(metric, value);
    this.touch(ITEM, metric);
  }

  /** Marks an element and all that hold it as changed. */
  touch(level: number, element: number): void {
    let at = element;
    for (let depth = level; depth >= 0; depth--) {
      const { flags } = this.level(depth);
      if (((flags[at] as number) & TOUCHED) !== 0) return;
      flags[at] = (flags[at] as number) | TOUCHED;
      at = this.#index.level(depth).parent[at] as number;
    }
  }

  /**
   * Removes an element that is there with all below it, and every parent whose last child it was. A parent that was
   * empty from the beginning stays. Returns how many leaves went.
   */
  remove(level: number, element: number): number {
    const before = this.removed;
    this.#removeBelow(level, element);
    this.touch(level, element);
    let at = element;
    for (let depth = level - 1; depth >= 0; depth--) {
      at = this.#index.level(depth + 1).parent[at] as number;
      const parents = this.level(depth);
      parents.live ??= childCounts(this.#index.level(depth), parents.flags.length);
      const live = (parents.live[at] as number) - 1;
      parents.live[at] = live;
      if (live > 0) break;
      parents.flags[at] = (parents.flags[at] as number) | GONE;
    }
    return this.removed - before;
  }

  #removeBelow(level: number, element: number): void {
    const { flags } = this.level(level);
    flags[element] = (flags[element] as number) | GONE;
    if (level === this.#index.leaf) {
      this.removed++;
      return;
    }
    const { first } = this.#index.level(level);
    for (let child = first[element] as number; child < (first[element + 1] as number); child++) {
      if (!this.level(level + 1).isGone(child)) this.#removeBelow(level + 1, child);
    }
  }

  /**
   * Makes sure that the slice of an element lies last in the arena with `room` free bytes behind it, so that it
   * can be changed in place. `parts` are the pieces of `from` that make up the slice while it is not rewritten yet.
   */
  own(level: number, element: number, room: number, from: Source, parts: readonly number[]): void {
    const edits = this.level(level);
    let source = from;
    let pieces = parts;
    if (edits.isRewritten(element)) {
      source = this.source(level, element);
      const start = edits.start?.[element] as number;
      const end = edits.end?.[element] as number;
      const last = this.#chunks.length - 1;
      if (source === this.#chunks[last] && end === this.#used && end + room <= source.bytes.length) return;
      pieces = [start, end];
    }
    let size = 0;
    for (let at = 0; at < pieces.length; at += 2) size += (pieces[at + 1] as number) - (pieces[at] as number);
    const target = this.#reserve(size + room);
    const start = this.#used;
    for (let at = 0; at < pieces.length; at += 2) {
      const [from, to] = [pieces[at] as number, pieces[at + 1] as number];
      copyBytes(source.bytes, from, to, target.bytes, this.#used);
      this.#used += to - from;
    }
    edits.setRewritten(element, this.#chunks.length - 1, start, this.#used);
    this.touch(level, element);
  }

  /** Replaces `[from, to)` of a slice that `own` has prepared by what `patch` begins with; returns its new end. */
  splice(level: number, element: number, from: number, to: number, patch: Uint8Array, length: number): number {
    const { bytes } = this.source(level, element);
    if (to < this.#used) bytes.copyWithin(from + length, to, this.#used);
    copyBytes(patch, 0, length, bytes, from);
    this.#used += length - (to - from);
    const { end } = this.level(level);
    if (end !== undefined) end[element] = this.#used;
    return this.#used;
  }

  #reserve(size: number): Source {
    const last = this.#chunks[this.#chunks.length - 1];
    if (last !== undefined && this.#used + size <= last.bytes.length) return last;
    const previous = last?.bytes.length ?? 0;
    const chunk = new Source(Buffer.allocUnsafeSlow(Math.max(size, chunkSize, Math.min(previous * 2, chunkSize * 64))));
    this.#chunks.push(chunk);
    this.#used = 0;
    return chunk;
  }
}

function childCounts(level: Level, count: number): Int32Array {
  const result = new Int32Array(count);
  for (let at = 0; at < count; at++) result[at] = (level.first[at + 1] as number) - (level.first[at] as number);
  return result;
}
