import type { Attributes, Cursor, SpanEvent, SpanLink } from "./api.ts";
import { AttributesView } from "./attributes-view.ts";
import { iterate } from "./cursor.ts";
import { getFixed64, getId, getString, setString } from "./fields.ts";
import { type ElementPlace, NestedPlace } from "./place.ts";

/** The field numbers of an event of a span. */
export const spanEvent = { timeUnixNano: 1, name: 2, attributes: 3 } as const;

/** The field numbers of a link of a span. */
export const spanLink = { traceId: 1, spanId: 2, traceState: 3, attributes: 4 } as const;

/**
 * Field 11 of a span:
 * Event => time_unix_nano(1) FIXED64, name(2) STRING, attributes(3) [KeyValue], dropped_attributes_count(4) UINT32
 */
export class SpanEventCursor implements Cursor, SpanEvent {
  readonly attributes: Attributes;
  readonly #place: NestedPlace;

  constructor(span: ElementPlace) {
    this.#place = new NestedPlace(span, 11);
    this.attributes = new AttributesView(this.#place, spanEvent.attributes);
  }

  advance(): boolean {
    return this.#place.next();
  }

  [Symbol.iterator](): Iterator<this> {
    return iterate(this);
  }

  get timeUnixNano(): bigint {
    return getFixed64(this.#place, spanEvent.timeUnixNano);
  }

  get name(): string {
    return getString(this.#place, spanEvent.name);
  }

  set name(value: string) {
    setString(this.#place, spanEvent.name, value);
  }
}

/**
 * Field 13 of a span:
 * Link => trace_id(1) BYTES, span_id(2) BYTES, trace_state(3) STRING, attributes(4) [KeyValue],
 *         dropped_attributes_count(5) UINT32, flags(6) FIXED32
 */
export class SpanLinkCursor implements Cursor, SpanLink {
  readonly attributes: Attributes;
  readonly #place: NestedPlace;

  constructor(span: ElementPlace) {
    this.#place = new NestedPlace(span, 13);
    this.attributes = new AttributesView(this.#place, spanLink.attributes);
  }

  advance(): boolean {
    return this.#place.next();
  }

  [Symbol.iterator](): Iterator<this> {
    return iterate(this);
  }

  get traceId(): string {
    return getId(this.#place, spanLink.traceId);
  }

  get spanId(): string {
    return getId(this.#place, spanLink.spanId);
  }

  get traceState(): string {
    return getString(this.#place, spanLink.traceState);
  }
}
