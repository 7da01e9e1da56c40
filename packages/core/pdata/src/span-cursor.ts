import type { Attributes, Cursor, Resource, Scope, Span, SpanEvent, SpanLink } from "./api.ts";
import { AttributesView } from "./attributes-view.ts";
import { ITEM } from "./batch-index.ts";
import type { BatchState } from "./batch-state.ts";
import { LevelCursor } from "./cursor.ts";
import {
  fieldAt,
  getEnum,
  getFixed32,
  getFixed64,
  getId,
  getString,
  replaceField,
  setEnum,
  setFixed32,
  setFixed64,
  setId,
  setString,
  writeEnum,
  writeString,
} from "./fields.ts";
import { ElementPlace, NestedPlace } from "./place.ts";
import { Parents } from "./resource-view.ts";
import { SpanEventCursor, SpanLinkCursor } from "./span-parts.ts";
import { afterField, afterVarint, contentStart, findField, LEN, readInt32 } from "./wire.ts";
import type { Writer } from "./writer.ts";

/** The field numbers of a Span. */
export const span = {
  traceId: 1,
  spanId: 2,
  traceState: 3,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  startTimeUnixNano: 7,
  endTimeUnixNano: 8,
  attributes: 9,
  events: 11,
  links: 13,
  status: 15,
  flags: 16,
} as const;

/** The field numbers of a Status. */
export const spanStatus = { message: 2, code: 3 } as const;

const emptyStatus = Uint8Array.of((span.status << 3) | LEN, 0);

/**
 * Span => trace_id(1) BYTES, span_id(2) BYTES, trace_state(3) STRING, parent_span_id(4) BYTES, name(5) STRING,
 *         kind(6) ENUM, start_time_unix_nano(7) FIXED64, end_time_unix_nano(8) FIXED64, attributes(9) [KeyValue],
 *         dropped_attributes_count(10) UINT32, events(11) [Event], dropped_events_count(12) UINT32, links(13) [Link],
 *         dropped_links_count(14) UINT32, status(15) Status, flags(16) FIXED32
 * Status => message(2) STRING, code(3) ENUM
 */
export class SpanCursor extends LevelCursor implements Cursor, Span {
  readonly attributes: Attributes;
  readonly #place: ElementPlace;
  readonly #parents: Parents;

  constructor(state: BatchState) {
    super(state, ITEM);
    this.#place = new ElementPlace(state, ITEM);
    this.#parents = new Parents(state);
    this.attributes = new AttributesView(this.#place, span.attributes);
  }

  protected moved(): void {
    this.#place.moveTo(this.element);
  }

  get byteSize(): number {
    this.#place.sync();
    return this.#place.end - this.#place.start;
  }

  get resource(): Resource {
    return this.#parents.resourceOf(this.#container);
  }

  get scope(): Scope {
    return this.#parents.scopeAt(this.#container);
  }

  get #container(): number {
    return this.state.index.item.parent[this.element] as number;
  }

  drop(reason: string): void {
    this.state.drop(ITEM, this.element, reason);
  }

  /** Stays on this span when the cursor goes on. */
  #pinned(): ElementPlace {
    const place = new ElementPlace(this.state, ITEM);
    place.moveTo(this.element);
    return place;
  }

  events(): Cursor & SpanEvent {
    return new SpanEventCursor(this.#pinned());
  }

  links(): Cursor & SpanLink {
    return new SpanLinkCursor(this.#pinned());
  }

  get traceId(): string {
    return getId(this.#place, span.traceId);
  }

  set traceId(value: string) {
    setId(this.#place, span.traceId, value, 16);
  }

  get spanId(): string {
    return getId(this.#place, span.spanId);
  }

  set spanId(value: string) {
    setId(this.#place, span.spanId, value, 8);
  }

  get parentSpanId(): string {
    return getId(this.#place, span.parentSpanId);
  }

  set parentSpanId(value: string) {
    setId(this.#place, span.parentSpanId, value, 8);
  }

  get traceState(): string {
    return getString(this.#place, span.traceState);
  }

  set traceState(value: string) {
    setString(this.#place, span.traceState, value);
  }

  get name(): string {
    return getString(this.#place, span.name);
  }

  set name(value: string) {
    setString(this.#place, span.name, value);
  }

  get kind(): number {
    return getEnum(this.#place, span.kind);
  }

  set kind(value: number) {
    setEnum(this.#place, span.kind, value);
  }

  get startTimeUnixNano(): bigint {
    return getFixed64(this.#place, span.startTimeUnixNano);
  }

  set startTimeUnixNano(value: bigint) {
    setFixed64(this.#place, span.startTimeUnixNano, value);
  }

  get endTimeUnixNano(): bigint {
    return getFixed64(this.#place, span.endTimeUnixNano);
  }

  set endTimeUnixNano(value: bigint) {
    setFixed64(this.#place, span.endTimeUnixNano, value);
  }

  get flags(): number {
    return getFixed32(this.#place, span.flags);
  }

  set flags(value: number) {
    setFixed32(this.#place, span.flags, value);
  }

  get statusCode(): number {
    const pos = this.#inStatus(spanStatus.code);
    return pos < 0 ? 0 : readInt32(this.#place.source.bytes, afterVarint(this.#place.source.bytes, pos));
  }

  set statusCode(value: number) {
    const patch = this.#place.scratch();
    writeEnum(patch, spanStatus.code, value);
    this.#replaceInStatus(spanStatus.code, patch);
  }

  get statusMessage(): string {
    const pos = this.#inStatus(spanStatus.message);
    const { source } = this.#place;
    return pos < 0 ? "" : source.string(contentStart(source.bytes, pos), afterField(source.bytes, pos));
  }

  set statusMessage(value: string) {
    const patch = this.#place.scratch();
    writeString(patch, spanStatus.message, value);
    this.#replaceInStatus(spanStatus.message, patch);
  }

  /** The position of the tag of a field of the status, or -1. */
  #inStatus(field: number): number {
    const pos = fieldAt(this.#place, span.status);
    if (pos < 0) return -1;
    const { bytes } = this.#place.source;
    return findField(bytes, contentStart(bytes, pos), afterField(bytes, pos), field);
  }

  #status(): NestedPlace | undefined {
    if (fieldAt(this.#place, span.status) < 0) return undefined;
    const status = new NestedPlace(this.#place, span.status);
    status.next();
    return status;
  }

  /** A span without a status gets an empty one first, unless there is nothing to write. */
  #replaceInStatus(field: number, patch: Writer): void {
    if (this.#status() === undefined) {
      if (patch.length === 0) return;
      this.#place.own(patch.length);
      this.#place.splice(this.#place.end, this.#place.end, emptyStatus);
    }
    const status = this.#status();
    if (status !== undefined) replaceField(status, field, patch);
  }
}
