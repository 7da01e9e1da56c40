import { decodeValue, writeValue } from "./any-value.ts";
import type { AnyValue, Attributes, Cursor, LogRecord, Resource, Scope } from "./api.ts";
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
} from "./fields.ts";
import { addHashes } from "./hash.ts";
import { STRING_TAG, valueMember } from "./key-value.ts";
import { ElementPlace } from "./place.ts";
import { Parents } from "./resource-view.ts";
import { afterField, contentStart, fieldNumber } from "./wire.ts";

/** The field numbers of a LogRecord. */
export const logRecord = {
  timeUnixNano: 1,
  severityNumber: 2,
  severityText: 3,
  body: 5,
  attributes: 6,
  flags: 8,
  traceId: 9,
  spanId: 10,
  observedTimeUnixNano: 11,
  eventName: 12,
} as const;

/**
 * LogRecord => time_unix_nano(1) FIXED64, severity_number(2) ENUM, severity_text(3) STRING, body(5) AnyValue,
 *              attributes(6) [KeyValue], dropped_attributes_count(7) UINT32, flags(8) FIXED32, trace_id(9) BYTES,
 *              span_id(10) BYTES, observed_time_unix_nano(11) FIXED64, event_name(12) STRING
 */
export class LogRecordCursor extends LevelCursor implements Cursor, LogRecord {
  readonly attributes: Attributes;
  readonly #place: ElementPlace;
  readonly #parents: Parents;

  constructor(state: BatchState) {
    super(state, ITEM);
    this.#place = new ElementPlace(state, ITEM);
    this.#parents = new Parents(state);
    this.attributes = new AttributesView(this.#place, logRecord.attributes);
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

  get timeUnixNano(): bigint {
    return getFixed64(this.#place, logRecord.timeUnixNano);
  }

  set timeUnixNano(value: bigint) {
    setFixed64(this.#place, logRecord.timeUnixNano, value);
  }

  get observedTimeUnixNano(): bigint {
    return getFixed64(this.#place, logRecord.observedTimeUnixNano);
  }

  set observedTimeUnixNano(value: bigint) {
    setFixed64(this.#place, logRecord.observedTimeUnixNano, value);
  }

  get severityNumber(): number {
    return getEnum(this.#place, logRecord.severityNumber);
  }

  set severityNumber(value: number) {
    setEnum(this.#place, logRecord.severityNumber, value);
  }

  get severityText(): string {
    return getString(this.#place, logRecord.severityText);
  }

  set severityText(value: string) {
    setString(this.#place, logRecord.severityText, value);
  }

  get body(): AnyValue {
    const pos = fieldAt(this.#place, logRecord.body);
    if (pos < 0) return null;
    const { source } = this.#place;
    return decodeValue(source, contentStart(source.bytes, pos), afterField(source.bytes, pos));
  }

  set body(value: AnyValue) {
    const patch = this.#place.scratch();
    if (value !== null) writeValue(patch, logRecord.body, value);
    replaceField(this.#place, logRecord.body, patch);
  }

  get bodyUtf8(): Uint8Array | undefined {
    const value = this.#bodyText();
    if (value < 0) return undefined;
    const { bytes } = this.#place.source;
    return bytes.subarray(contentStart(bytes, value), afterField(bytes, value));
  }

  bodyByte(offset: number): number {
    const value = this.#bodyText();
    if (value < 0) return -1;
    const { bytes } = this.#place.source;
    const at = contentStart(bytes, value) + offset;
    return at < afterField(bytes, value) ? (bytes[at] as number) : -1;
  }

  /** The position of the tag of a string body, or -1. */
  #bodyText(): number {
    const pos = fieldAt(this.#place, logRecord.body);
    if (pos < 0) return -1;
    const { bytes } = this.#place.source;
    const value = valueMember(bytes, contentStart(bytes, pos), afterField(bytes, pos));
    return value >= 0 && bytes[value] === STRING_TAG ? value : -1;
  }

  get eventName(): string {
    return getString(this.#place, logRecord.eventName);
  }

  set eventName(value: string) {
    setString(this.#place, logRecord.eventName, value);
  }

  get flags(): number {
    return getFixed32(this.#place, logRecord.flags);
  }

  set flags(value: number) {
    setFixed32(this.#place, logRecord.flags, value);
  }

  get traceId(): string {
    return getId(this.#place, logRecord.traceId);
  }

  set traceId(value: string) {
    setId(this.#place, logRecord.traceId, value, 16);
  }

  get spanId(): string {
    return getId(this.#place, logRecord.spanId);
  }

  set spanId(value: string) {
    setId(this.#place, logRecord.spanId, value, 8);
  }

  contentHash(seed: number, hashes: Int32Array): void {
    this.#place.sync();
    const { source, start, end } = this.#place;
    const { bytes, view } = source;
    hashes[0] = seed;
    hashes[1] = seed;
    for (let pos = start; pos < end; ) {
      const next = afterField(bytes, pos);
      if (says(fieldNumber(bytes, pos))) addHashes(view, pos, next, seed, hashes);
      pos = next;
    }
  }
}

/** Whether a field belongs to what the record says, and not to when, where and in which trace. */
function says(field: number): boolean {
  return (
    field === logRecord.attributes ||
    field === logRecord.body ||
    field === logRecord.severityNumber ||
    field === logRecord.severityText ||
    field === logRecord.eventName
  );
}
