import type { Signal } from "./api.ts";
import type { BatchIndex } from "./batch-index.ts";
import { Edits } from "./edits.ts";
import { Encoder } from "./encoder.ts";
import { buildIndex } from "./index-builder.ts";
import { requestTypes } from "./otlp-messages.ts";
import { toRegularForm } from "./regular-form.ts";
import { Source } from "./source.ts";
import { Writer } from "./writer.ts";

/** What never changes in a batch and is shared by its forks. */
interface Request {
  readonly signal: Signal;
  /** The bytes that were handed in. */
  readonly original: Uint8Array;
  /** The bytes that the index speaks of; in regular form, so not always `original`. */
  readonly source: Source;
  readonly index: BatchIndex;
}

/** A request and its edits: what cursors and views of one batch share. */
export class BatchState {
  readonly signal: Signal;
  readonly source: Source;
  readonly index: BatchIndex;
  /** Counts rewritten slices: a view that has seen another number looks its position up again. */
  version = 0;
  /** Read-only while shared with a fork: edit through `ownEdits()`. */
  edits: Edits | undefined;
  readonly #dropped = new Map<string, number>();
  /** The reason given last and what is not in the map yet: neighbours mostly go for the same reason. */
  #reason = "";
  #uncounted = 0;
  readonly #request: Request;
  #editsAreShared = false;
  #scratch: Writer | undefined;

  constructor(request: Request, edits?: Edits) {
    this.#request = request;
    this.signal = request.signal;
    this.source = request.source;
    this.index = request.index;
    this.edits = edits;
    this.#editsAreShared = edits !== undefined;
  }

  /** Validates the bytes of a request and notes where everything lies. */
  static decode(signal: Signal, bytes: Uint8Array): BatchState {
    const source = new Source(bytes);
    const { index, isIrregular } = buildIndex(signal, source.bytes);
    if (!isIrregular) return new BatchState({ signal, original: source.bytes, source, index });
    const regular = new Source(toRegularForm(requestTypes[signal], source.bytes));
    const rebuilt = buildIndex(signal, regular.bytes);
    return new BatchState({ signal, original: source.bytes, source: regular, index: rebuilt.index });
  }

  fork(): BatchState {
    if (this.edits !== undefined) this.#editsAreShared = true;
    return new BatchState(this.#request, this.edits);
  }

  /** The edits, to be changed: copied first where a fork sees them. Everything looked up before is out of date. */
  ownEdits(): Edits {
    this.version++;
    return this.#ownFlags();
  }

  /** The edits, to be changed only in what is removed: everything stays where it is. */
  #ownFlags(): Edits {
    if (this.edits === undefined || this.#editsAreShared) {
      this.edits = new Edits(this.index, this.edits);
      this.#editsAreShared = false;
    }
    this.edits.encoder = undefined;
    return this.edits;
  }

  /** An empty writer for the new bytes of an edit. */
  scratch(): Writer {
    this.#scratch ??= new Writer();
    return this.#scratch.clear();
  }

  isGone(level: number, element: number): boolean {
    return this.edits?.level(level).isGone(element) ?? false;
  }

  /** Removes an element and counts the leaves that went with it. */
  drop(level: number, element: number, reason: string): void {
    if (this.isGone(level, element)) return;
    const removed = this.#ownFlags().remove(level, element);
    if (reason !== this.#reason) {
      this.#count();
      this.#reason = reason;
    }
    this.#uncounted += removed;
  }

  /** Leaves that were removed, by reason. */
  get dropped(): ReadonlyMap<string, number> {
    this.#count();
    return this.#dropped;
  }

  #count(): void {
    if (this.#uncounted === 0) return;
    this.#dropped.set(this.#reason, (this.#dropped.get(this.#reason) ?? 0) + this.#uncounted);
    this.#uncounted = 0;
  }

  get count(): number {
    return this.index.level(this.index.leaf).count - (this.edits?.removed ?? 0);
  }

  get byteSize(): number {
    return this.edits === undefined ? this.#request.original.length : this.#encoderOf(this.edits).size;
  }

  encode(): Uint8Array {
    return this.edits === undefined ? this.#request.original : this.#encoderOf(this.edits).encode();
  }

  #encoderOf(edits: Edits): Encoder {
    edits.encoder ??= new Encoder(this.source, this.index, edits);
    return edits.encoder;
  }
}
