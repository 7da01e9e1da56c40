import { CONTAINER, GROUP, ITEM } from "./batch-index.ts";
import type { BatchState } from "./batch-state.ts";
import { Outline } from "./outline.ts";
import type { Source } from "./source.ts";
import { afterField, afterVarint, contentStart, fieldNumber, putVarint, readUint32, varintSize } from "./wire.ts";
import type { Writer } from "./writer.ts";

/** Room that the length prefix of a nested message may need on top of an edit. */
const prefixRoom = 8;

/**
 * The message that a view stands on: `source.bytes[start, end)`, where its fields lie, and the way to change it.
 *
 * Read: `sync()`, then look. Edit: write the new bytes to `scratch()`, `own(writer.length)`, find the range that
 * is to go (positions found before `own` are void), `splice`.
 */
export interface Place {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
  readonly outline: Outline;
  /** Follows edits that were made through other views of the batch. */
  sync(): void;
  /** An empty writer for the new bytes of an edit. */
  scratch(): Writer;
  /** Makes the message changeable in place by up to `room` more bytes. */
  own(room: number): void;
  /** Replaces `[from, to)` by the first `length` bytes of `patch`, all by default. Positions found before are void. */
  splice(from: number, to: number, patch: Uint8Array, length?: number): void;
}

/** The slice of an element of the index: a record, span, data point, metric, Resource or InstrumentationScope. */
export class ElementPlace implements Place {
  readonly state: BatchState;
  readonly level: number;
  readonly outline: Outline;
  element = -1;
  #version = -1;

  constructor(state: BatchState, level: number) {
    this.state = state;
    this.level = level;
    this.outline = new Outline(state.source);
  }

  get source(): Source {
    return this.outline.source;
  }

  get start(): number {
    return this.outline.start;
  }

  get end(): number {
    return this.outline.end;
  }

  moveTo(element: number): void {
    this.element = element;
    this.#locate();
  }

  sync(): void {
    if (this.#version !== this.state.version) this.#locate();
  }

  scratch(): Writer {
    return this.state.scratch();
  }

  own(room: number): void {
    this.sync();
    const { state, level, element } = this;
    const edits = state.ownEdits();
    edits.own(level, element, room + prefixRoom, state.source, this.#parts());
    this.#version = state.version;
    const { outline } = this;
    const source = edits.source(level, element);
    const start = edits.level(level).start?.[element] as number;
    const end = edits.level(level).end?.[element] as number;
    // A metric leaves its data behind, so that what comes after lies elsewhere.
    if (end - start === outline.end - outline.start) outline.moved(source, start, end);
    else outline.at(source, start, end);
  }

  splice(from: number, to: number, patch: Uint8Array, length = patch.length): void {
    const { state, level, element, outline } = this;
    const { source, start, end: before } = outline;
    const end = state.ownEdits().splice(level, element, from, to, patch, length);
    this.#version = state.version;
    if (from === before) outline.extended(end);
    else outline.at(source, start, end);
  }

  #locate(): void {
    const { state, level, element } = this;
    this.#version = state.version;
    const edits = state.edits?.level(level);
    if (state.edits !== undefined && edits?.isRewritten(element)) {
      const start = edits.start?.[element] as number;
      this.outline.at(state.edits.source(level, element), start, edits.end?.[element] as number);
      return;
    }
    const frames = state.index.level(level);
    if (level < ITEM) {
      this.outline.at(state.source, frames.innerStart[element] as number, frames.innerEnd[element] as number);
    } else {
      this.outline.at(state.source, frames.start[element] as number, frames.end[element] as number);
    }
  }

  /** The pieces of the request that make up the slice: of a metric all but its data. */
  #parts(): number[] {
    const { index } = this.state;
    if (this.level === GROUP || this.level === CONTAINER) {
      const { innerStart, innerEnd } = index.level(this.level);
      return [innerStart[this.element] as number, innerEnd[this.element] as number];
    }
    const { start, end, innerHead, innerEnd } = index.level(this.level);
    const from = start[this.element] as number;
    const to = end[this.element] as number;
    if (this.level === index.leaf) return [from, to];
    return [from, innerHead[this.element] as number, innerEnd[this.element] as number, to];
  }
}

/** The n-th message of a repeated field of another place: an event or a link of a span. */
export class NestedPlace implements Place {
  readonly outline: Outline;
  readonly #parent: ElementPlace;
  readonly #field: number;
  #ordinal = -1;
  #version = -1;
  /** Position of the tag. */
  #head = 0;

  constructor(parent: ElementPlace, field: number) {
    this.#parent = parent;
    this.#field = field;
    // Before the first message: the search of `next` begins at the start of the parent.
    parent.sync();
    this.outline = new Outline(parent.source);
    this.outline.at(parent.source, parent.start, parent.start);
    this.#version = parent.state.version;
  }

  get source(): Source {
    return this.#parent.source;
  }

  get start(): number {
    return this.outline.start;
  }

  get end(): number {
    return this.outline.end;
  }

  /** Moves to the next message of the field; false behind the last. */
  next(): boolean {
    this.sync();
    if (!this.#find(this.end)) return false;
    this.#ordinal++;
    return true;
  }

  sync(): void {
    if (this.#version === this.#parent.state.version) return;
    this.#parent.sync();
    this.#relocate();
  }

  scratch(): Writer {
    return this.#parent.scratch();
  }

  own(room: number): void {
    this.sync();
    const offset = this.#head - this.#parent.start;
    this.#parent.own(room);
    this.#at(this.#parent.start + offset);
  }

  splice(from: number, to: number, patch: Uint8Array, length = patch.length): void {
    this.#parent.splice(from, to, patch, length);
    this.#resize(length - (to - from));
    this.#at(this.#head);
  }

  /** Writes the length of this message anew after its content has grown by `delta`. */
  #resize(delta: number): void {
    const { bytes } = this.#parent.source;
    const prefix = afterVarint(bytes, this.#head);
    const content = afterVarint(bytes, prefix);
    const length = readUint32(bytes, prefix) + delta;
    const patch = new Uint8Array(varintSize(length));
    putVarint(patch, 0, length);
    this.#parent.splice(prefix, content, patch);
  }

  /** Somebody else has edited the span: counts the messages again. */
  #relocate(): void {
    const { source, start, state } = this.#parent;
    this.#version = state.version;
    this.outline.at(source, start, start);
    for (let at = 0; at <= this.#ordinal; at++) this.#find(this.end);
  }

  /** The message whose tag is at `head`. */
  #at(head: number): void {
    const { source, state } = this.#parent;
    this.#version = state.version;
    this.#head = head;
    this.outline.at(source, contentStart(source.bytes, head), afterField(source.bytes, head));
  }

  #find(from: number): boolean {
    const { bytes } = this.#parent.source;
    for (let pos = from; pos < this.#parent.end; ) {
      const next = afterField(bytes, pos);
      if (fieldNumber(bytes, pos) === this.#field) {
        this.#at(pos);
        return true;
      }
      pos = next;
    }
    return false;
  }
}
