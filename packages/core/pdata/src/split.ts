import { CONTAINER, GROUP, ITEM, POINT } from "./batch-index.ts";
import { BatchState } from "./batch-state.ts";
import { valueError } from "./pdata-error.ts";
import { shellOf } from "./shell.ts";
import { lenFieldSize } from "./wire.ts";
import { Writer } from "./writer.ts";

/** Pieces of at most `maxCount` leaves each. */
export function splitByCount(state: BatchState, maxCount: number): BatchState[] {
  if (!(maxCount >= 1)) throw valueError(`a piece of at most ${maxCount} items`);
  return new Splitter(state).split(maxCount, Number.POSITIVE_INFINITY);
}

/** Pieces of at most `maxBytes` each; a leaf that is larger on its own makes up a piece. */
export function splitByBytes(state: BatchState, maxBytes: number): BatchState[] {
  if (!(maxBytes >= 1)) throw valueError(`a piece of at most ${maxBytes} bytes`);
  return new Splitter(state).split(Number.POSITIVE_INFINITY, maxBytes);
}

/** A message that is open in the piece that is being written. */
interface Frame {
  readonly level: number;
  /** The data (Gauge, Sum …) of a metric is a frame of its own with the element number of the metric. */
  readonly isData: boolean;
  /** -1 while no such message is open. */
  element: number;
  /** Bytes of its content so far, without the message below that is open. */
  content: number;
  mark: number;
  /** All of the message but its children, which every piece repeats, and the element that it belongs to. */
  shell: Uint8Array;
  shellElement: number;
}

/**
 * Goes through the leaves in order and starts a new piece when the next one does not fit. Sizes are exact: those of
 * the open messages follow from their content so far. Messages without leaves are left out.
 */
class Splitter {
  readonly #state: BatchState;
  readonly #frames: readonly Frame[];
  readonly #writer = new Writer(1024);
  readonly #pieces: BatchState[] = [];
  /** Bytes of closed groups, and leaves, of the piece that is being written. */
  #closed = 0;
  #count = 0;

  constructor(state: BatchState) {
    this.#state = state;
    const levels = [GROUP, CONTAINER, ...(state.index.leaf === POINT ? [ITEM, ITEM] : [])];
    this.#frames = levels.map((level, depth) => ({
      level,
      isData: depth > ITEM,
      element: -1,
      content: 0,
      mark: 0,
      shell: new Uint8Array(0),
      shellElement: -1,
    }));
  }

  split(maxCount: number, maxBytes: number): BatchState[] {
    const state = this.#state;
    if (state.count === 0) return [];
    if (state.count <= maxCount && state.byteSize <= maxBytes) return [state.fork()];
    const { leaf } = state.index;
    const { count } = state.index.level(leaf);
    for (let at = 0; at < count; at++) {
      if (state.isGone(leaf, at)) continue;
      const path = this.#path(at);
      this.#closeFrames(path);
      const size = this.#leafSize(at);
      if (this.#count > 0 && (this.#count >= maxCount || this.#sizeWith(path, size) > maxBytes)) this.#finish();
      this.#add(path, at, size);
    }
    this.#finish();
    return this.#pieces;
  }

  /** The elements that hold a leaf, one for each frame. */
  #path(leaf: number): number[] {
    const { group: _, container, item, point, leaf: level } = this.#state.index;
    if (level === ITEM) {
      const parent = item.parent[leaf] as number;
      return [container.parent[parent] as number, parent];
    }
    const metric = point.parent[leaf] as number;
    const parent = item.parent[metric] as number;
    return [container.parent[parent] as number, parent, metric, metric];
  }

  /** Length of a leaf's field. */
  #leafSize(leaf: number): number {
    const { index, edits } = this.#state;
    const level = index.level(index.leaf);
    const rewritten = edits?.level(index.leaf);
    if (rewritten?.isRewritten(leaf)) return lenFieldSize(rewritten.rewrittenLength(leaf));
    return (level.end[leaf] as number) - (level.head[leaf] as number);
  }

  /** The size of the piece with one more leaf. */
  #sizeWith(path: readonly number[], leafSize: number): number {
    let size = leafSize;
    for (let depth = this.#frames.length - 1; depth >= 0; depth--) {
      const frame = this.#frames[depth] as Frame;
      const element = path[depth] as number;
      const content = frame.element === element ? frame.content : this.#shell(frame, element).length;
      size = lenFieldSize(content + size);
    }
    return this.#closed + size;
  }

  #shell(frame: Frame, element: number): Uint8Array {
    if (frame.shellElement !== element) {
      frame.shell = shellOf(this.#state, frame.level, element, frame.isData);
      frame.shellElement = element;
    }
    return frame.shell;
  }

  /** Closes the open messages that do not hold the next leaf. */
  #closeFrames(path: readonly number[]): void {
    const first = this.#frames.findIndex((frame, depth) => frame.element !== path[depth]);
    if (first < 0) return;
    for (let depth = this.#frames.length - 1; depth >= first; depth--) {
      const frame = this.#frames[depth] as Frame;
      if (frame.element < 0) continue;
      this.#writer.close(frame.mark);
      frame.element = -1;
      const size = lenFieldSize(frame.content);
      const above = this.#frames[depth - 1];
      if (above === undefined) this.#closed += size;
      else above.content += size;
    }
  }

  #add(path: readonly number[], leaf: number, size: number): void {
    const writer = this.#writer;
    for (const [depth, frame] of this.#frames.entries()) {
      const element = path[depth] as number;
      if (frame.element === element) continue;
      const shell = this.#shell(frame, element);
      frame.mark = writer.open(this.#field(frame, element), shell.length);
      writer.raw(shell, 0, shell.length);
      frame.element = element;
      frame.content = shell.length;
    }
    this.#writeLeaf(leaf);
    (this.#frames[this.#frames.length - 1] as Frame).content += size;
    this.#count++;
  }

  #field(frame: Frame, element: number): number {
    if (frame.isData) return this.#state.index.item.dataField[element] as number;
    return frame.level === GROUP ? 1 : 2;
  }

  #writeLeaf(leaf: number): void {
    const { index, edits, source } = this.#state;
    const level = index.level(index.leaf);
    const rewritten = edits?.level(index.leaf);
    if (edits !== undefined && rewritten?.isRewritten(leaf)) {
      const { bytes } = edits.source(index.leaf, leaf);
      const start = rewritten.start?.[leaf] as number;
      this.#writer.bytesField(index.leaf === POINT ? 1 : 2, bytes.subarray(start, rewritten.end?.[leaf]));
    } else {
      this.#writer.raw(source.bytes, level.head[leaf] as number, level.end[leaf] as number);
    }
  }

  #finish(): void {
    this.#closeFrames([]);
    this.#pieces.push(BatchState.decode(this.#state.signal, this.#writer.take()));
    this.#closed = 0;
    this.#count = 0;
  }
}
