import { type BatchIndex, GROUP, ITEM, POINT } from "./batch-index.ts";
import { type Edits, temporalityField } from "./edits.ts";
import type { Source } from "./source.ts";
import { afterField, findField, LEN, lenFieldSize, putVarint } from "./wire.ts";

/** Tags of the frames: 1 for groups, Resource, InstrumentationScope and points; 2 for containers and items. */
const levelFields = [1, 2, 2, 1] as const;

function fieldOf(level: number): number {
  return levelFields[level] as number;
}

/**
 * Writes a batch with edits: sizes bottom-up first, then one copy for each run of untouched neighbours.
 * Only what is marked as touched is looked at.
 */
export class Encoder {
  readonly size: number;
  readonly #source: Source;
  readonly #index: BatchIndex;
  readonly #edits: Edits;
  /** New content length of each touched element that has children. */
  readonly #sizes: readonly Int32Array[];
  /** New content length of the data of each touched metric. */
  readonly #dataSizes: Int32Array;
  #encoded: Uint8Array | undefined;
  #out = new Uint8Array(0);
  #at = 0;

  constructor(source: Source, index: BatchIndex, edits: Edits) {
    this.#source = source;
    this.#index = index;
    this.#edits = edits;
    this.#sizes = index.levels.slice(0, index.leaf).map((level) => new Int32Array(level.count));
    this.#dataSizes = new Int32Array(index.leaf === POINT ? index.item.count : 0);
    this.size = source.bytes.length + this.#childrenDelta(GROUP, 0, index.group.count);
  }

  /** The same bytes each time. */
  encode(): Uint8Array {
    this.#encoded ??= this.#encode();
    return this.#encoded;
  }

  #encode(): Uint8Array {
    this.#out = new Uint8Array(Buffer.allocUnsafeSlow(this.size).buffer);
    this.#at = 0;
    const end = this.#children(GROUP, 0, this.#index.group.count, 0);
    this.#copy(this.#source.bytes, end, this.#source.bytes.length);
    return this.#out;
  }

  /** By how many bytes the elements `[first, last)` of a level grow. */
  #childrenDelta(level: number, first: number, last: number): number {
    const { head, end } = this.#index.level(level);
    const edits = this.#edits.level(level);
    let delta = 0;
    for (let at = first; at < last; at++) {
      if (!edits.isTouched(at)) continue;
      delta -= (end[at] as number) - (head[at] as number);
      if (!edits.isGone(at)) delta += lenFieldSize(this.#measure(level, at));
    }
    return delta;
  }

  /** The new content length of a touched element; noted for the second pass. */
  #measure(level: number, at: number): number {
    const edits = this.#edits.level(level);
    if (level === this.#index.leaf) return edits.rewrittenLength(at);
    const { start, end, first, innerHead, innerStart, innerEnd } = this.#index.level(level);
    const below = this.#childrenDelta(level + 1, first[at] as number, first[at + 1] as number);
    const innerSize = (innerEnd[at] as number) - (innerHead[at] as number);
    let size = (end[at] as number) - (start[at] as number);
    if (level === ITEM) {
      const data = (innerEnd[at] as number) - (innerStart[at] as number) + below + this.#temporalityDelta(at);
      this.#dataSizes[at] = data;
      if (edits.isRewritten(at)) size = edits.rewrittenLength(at);
      else size -= innerSize;
      if (this.#index.item.dataField[at] !== 0) size += lenFieldSize(data);
    } else {
      size += below;
      if (edits.isRewritten(at)) size += lenFieldSize(edits.rewrittenLength(at)) - innerSize;
    }
    (this.#sizes[level] as Int32Array)[at] = size;
    return size;
  }

  /** Writes `[from, …)` of the parent up to the end of its last touched child; returns what is still to be copied. */
  #children(level: number, first: number, last: number, from: number): number {
    const { head, end } = this.#index.level(level);
    const edits = this.#edits.level(level);
    let run = from;
    for (let at = first; at < last; at++) {
      if (!edits.isTouched(at)) continue;
      this.#copy(this.#source.bytes, run, head[at] as number);
      run = end[at] as number;
      if (!edits.isGone(at)) this.#element(level, at);
    }
    return run;
  }

  #element(level: number, at: number): void {
    if (level === this.#index.leaf) {
      this.#rewritten(level, at, fieldOf(level));
      return;
    }
    this.#header(fieldOf(level), this.#sizes[level]?.[at] as number);
    if (level === ITEM) this.#metric(at);
    else this.#parent(level, at);
  }

  /** A group or a container: its children and its inner message, in the order in which they stand. */
  #parent(level: number, at: number): void {
    const { start, end, first, innerHead, innerEnd } = this.#index.level(level);
    const from = first[at] as number;
    const to = first[at + 1] as number;
    let run = start[at] as number;
    if (this.#edits.level(level).isRewritten(at)) {
      const inner = innerHead[at] as number;
      const split = this.#firstBehind(level + 1, from, to, inner);
      run = this.#children(level + 1, from, split, run);
      this.#copy(this.#source.bytes, run, inner);
      this.#rewritten(level, at, 1);
      run = this.#children(level + 1, split, to, innerEnd[at] as number);
    } else {
      run = this.#children(level + 1, from, to, run);
    }
    this.#copy(this.#source.bytes, run, end[at] as number);
  }

  /** The first element of `[from, to)` that lies behind `position`. */
  #firstBehind(level: number, from: number, to: number, position: number): number {
    const { head } = this.#index.level(level);
    let at = from;
    while (at < to && (head[at] as number) < position) at++;
    return at;
  }

  #metric(at: number): void {
    const { start, end, first, innerHead, innerStart, innerEnd, dataField } = this.#index.item;
    const bytes = this.#source.bytes;
    const rewritten = this.#edits.level(ITEM).isRewritten(at);
    if (rewritten) this.#slice(ITEM, at);
    else this.#copy(bytes, start[at] as number, innerHead[at] as number);
    if (dataField[at] !== 0) {
      this.#header(dataField[at] as number, this.#dataSizes[at] as number);
      const run = this.#points(at, first[at] as number, first[at + 1] as number, innerStart[at] as number);
      this.#copy(bytes, run, innerEnd[at] as number);
      this.#newTemporality(at);
    }
    if (!rewritten) this.#copy(bytes, innerEnd[at] as number, end[at] as number);
  }

  /** The points of a metric, without the temporality that stands between them when there is a new one. */
  #points(metric: number, first: number, last: number, from: number): number {
    const old = this.#oldTemporality(metric);
    if (old < 0) return this.#children(POINT, first, last, from);
    const split = this.#firstBehind(POINT, first, last, old);
    this.#copy(this.#source.bytes, this.#children(POINT, first, split, from), old);
    return this.#children(POINT, split, last, afterField(this.#source.bytes, old));
  }

  /** Where the temporality stands that an edit replaces, or -1. */
  #oldTemporality(metric: number): number {
    if (!this.#edits.temporalities.has(metric)) return -1;
    const { innerStart, innerEnd } = this.#index.item;
    const [start, end] = [innerStart[metric] as number, innerEnd[metric] as number];
    return findField(this.#source.bytes, start, end, temporalityField);
  }

  #temporalityDelta(metric: number): number {
    if (!this.#edits.temporalities.has(metric)) return 0;
    const old = this.#oldTemporality(metric);
    return 2 - (old < 0 ? 0 : afterField(this.#source.bytes, old) - old);
  }

  /** A tag and a value of one byte each. */
  #newTemporality(metric: number): void {
    const value = this.#edits.temporalities.get(metric);
    if (value === undefined) return;
    this.#out[this.#at++] = temporalityField << 3;
    this.#out[this.#at++] = value;
  }

  /** The rewritten slice of an element as a field. */
  #rewritten(level: number, at: number, field: number): void {
    this.#header(field, this.#edits.level(level).rewrittenLength(at));
    this.#slice(level, at);
  }

  #slice(level: number, at: number): void {
    const { start, end } = this.#edits.level(level);
    this.#copy(this.#edits.source(level, at).bytes, start?.[at] as number, end?.[at] as number);
  }

  #header(field: number, length: number): void {
    this.#out[this.#at] = (field << 3) | LEN;
    this.#at = putVarint(this.#out, this.#at + 1, length);
  }

  #copy(from: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    this.#out.set(from.subarray(start, end), this.#at);
    this.#at += end - start;
  }
}
