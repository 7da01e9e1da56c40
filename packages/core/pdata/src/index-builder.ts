import type { Signal } from "./api.ts";
import { BatchIndex, ITEM, type Level, POINT } from "./batch-index.ts";
import { action, type MessageType, role } from "./message-type.ts";
import { requestTypes } from "./otlp-messages.ts";
import { PdataError } from "./pdata-error.ts";
import { toRegularForm } from "./regular-form.ts";
import { FIXED32, FIXED64, LEN, maxValueDepth, readUint32, VARINT, varintSize } from "./wire.ts";

/** The index of an export request, and whether the request must be brought into regular form first. */
export function buildIndex(signal: Signal, bytes: Uint8Array): { index: BatchIndex; isIrregular: boolean } {
  const builder = new IndexBuilder(bytes, signal === "metrics" ? POINT : ITEM);
  const index = builder.build(requestTypes[signal]);
  return { index, isIrregular: builder.isIrregular };
}

/** Validates one message of the OTLP layout that is no request and brings it into regular form. */
export function validated(type: MessageType, bytes: Uint8Array): Uint8Array {
  const builder = new IndexBuilder(bytes);
  builder.build(type);
  return builder.isIrregular ? toRegularForm(type, bytes) : bytes;
}

/** Looks into single messages of a request; offsets in errors are those of the request. */
export interface Checker {
  /** What is wrong with the request as a whole. Throws it. */
  all(type: MessageType): void;
  /** What is wrong with the message at `[start, end)`, which has no role in the index; `undefined` for nothing. */
  fault(type: MessageType, start: number, end: number): PdataError | undefined;
}

export function checkerOf(bytes: Uint8Array): Checker {
  const builder = new IndexBuilder(bytes);
  return {
    all: (type) => void builder.build(type),
    fault: (type, start, end) => {
      try {
        builder.check(type, start, end);
        return undefined;
      } catch (reason) {
        if (reason instanceof PdataError) return reason;
        throw reason;
      }
    },
  };
}

/** Positions are kept in 32-bit integers. */
const maxBytes = 2 ** 31 - 1;

/**
 * Validates a whole request in one pass and notes where its levels lie.
 *
 * Checked are: every tag, every wire type against the layout, every length against the end of the message that
 * holds it, varints of at most ten bytes, `AnyValue`s nested at most 64 deep. What passes can be read without
 * checks. Unknown fields are passed over; groups (wire types 3 and 4) are refused.
 */
class IndexBuilder {
  readonly index: BatchIndex;
  /** A singular field or two members of a oneof occurred in one message, or a known tag is longer than needed. */
  isIrregular = false;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, leaf: number = ITEM) {
    this.#bytes = bytes;
    this.index = new BatchIndex(leaf);
  }

  build(type: MessageType): BatchIndex {
    if (this.#bytes.length > maxBytes) {
      throw new PdataError(`a request of ${this.#bytes.length} bytes`, { code: "DBI_TOO_LARGE", offset: maxBytes });
    }
    this.#message(type, 0, this.#bytes.length, 0);
    this.index.seal();
    return this.index;
  }

  /** Validates a message that lies somewhere in the bytes and has no children with a role. */
  check(type: MessageType, start: number, end: number): void {
    this.#message(type, start, end, 0);
  }

  #message(type: MessageType, start: number, end: number, depth: number): void {
    const bytes = this.#bytes;
    const { actions, conflicts, children } = type;
    let seen = 0;
    let pos = start;
    while (pos < end) {
      const head = pos;
      let tag = bytes[pos++] as number;
      if (tag > 127) {
        pos = this.#varintEnd(head, end);
        tag = this.#tag(head, pos);
      }
      const field = tag >>> 3;
      const what = tag < 256 ? (actions[tag] as number) : action.unknown;
      if (what !== action.unknown) {
        if ((seen & (conflicts[field] as number)) !== 0 || pos - head > varintSize(tag)) this.isIrregular = true;
        seen |= 1 << field;
      }
      switch (what) {
        case action.keyValue:
        case action.message: {
          const content = this.#contentStart(pos, end);
          pos = content + this.#length;
          if (what === action.keyValue && isPlainKeyValue(bytes, content, pos)) break;
          this.#child(children[field] as MessageType, field, head, content, pos, depth);
          break;
        }
        case action.varint:
          pos = this.#varintEnd(pos, end);
          break;
        case action.fixed64:
          pos = this.#fixedEnd(pos, 8, end);
          break;
        case action.fixed32:
          pos = this.#fixedEnd(pos, 4, end);
          break;
        case action.opaque:
          pos = this.#contentStart(pos, end) + this.#length;
          break;
        case action.packed: {
          const content = this.#contentStart(pos, end);
          pos = content + this.#length;
          this.#packed(type, field, content, pos);
          break;
        }
        case action.unknown:
          pos = this.#unknown(tag, head, pos, end);
          break;
        default:
          throw wrongWireType(`field ${type.fields[field]?.name} of ${type.name} with wire type ${tag & 7}`, head);
      }
    }
  }

  #child(type: MessageType, field: number, head: number, content: number, end: number, depth: number): void {
    if (type.role !== role.none) this.#note(type, field, head, content, end);
    const below = depth + type.depth;
    if (below > maxValueDepth) throw tooDeep(head);
    this.#message(type, content, end, below);
  }

  /** Set by `#contentStart`. */
  #length = 0;

  /** The position of the content of the LEN field whose length is at `pos`; the length itself goes to `#length`. */
  #contentStart(pos: number, end: number): number {
    if (pos >= end) throw this.#cutShort(pos);
    const first = this.#bytes[pos] as number;
    let content = pos + 1;
    let length = first;
    if (first > 127) {
      content = this.#varintEnd(pos, end);
      length = this.#tag(pos, content);
    }
    if (length > end - content) {
      if (end === this.#bytes.length) throw truncated(pos);
      throw new PdataError(`a length of ${length} where the message has ${end - content} bytes left`, {
        code: "DBI_PDATA_OVERLONG",
        offset: pos,
      });
    }
    this.#length = length;
    return content;
  }

  #varintEnd(pos: number, end: number): number {
    const bytes = this.#bytes;
    const limit = pos + 10 < end ? pos + 10 : end;
    for (let next = pos; next < limit; ) {
      if ((bytes[next++] as number) < 128) return next;
    }
    if (limit === pos + 10) {
      throw new PdataError("a varint longer than ten bytes", { code: "DBI_PDATA_OVERLONG", offset: pos });
    }
    throw this.#cutShort(pos);
  }

  /** The varint of a tag or a length, which must fit into 32 bits. */
  #tag(pos: number, end: number): number {
    for (let at = pos + 4, mask = 0xf0; at < end; at++, mask = 0xff) {
      if (((this.#bytes[at] as number) & 127 & mask) !== 0) {
        throw new PdataError("a tag or a length above 32 bits", { code: "DBI_PDATA_OVERLONG", offset: pos });
      }
    }
    return readUint32(this.#bytes, pos);
  }

  #fixedEnd(pos: number, size: number, end: number): number {
    if (size > end - pos) throw this.#cutShort(pos);
    return pos + size;
  }

  #unknown(tag: number, head: number, pos: number, end: number): number {
    if (tag >>> 3 === 0) throw wrongWireType("field number 0", head);
    switch (tag & 7) {
      case VARINT:
        return this.#varintEnd(pos, end);
      case FIXED64:
        return this.#fixedEnd(pos, 8, end);
      case LEN:
        return this.#contentStart(pos, end) + this.#length;
      case FIXED32:
        return this.#fixedEnd(pos, 4, end);
      default:
        throw wrongWireType(`unknown field ${tag >>> 3} with wire type ${tag & 7}, which OTLP does not use`, head);
    }
  }

  #packed(type: MessageType, field: number, start: number, end: number): void {
    const varints = type.actions[field << 3] === action.varint;
    for (let pos = start; pos < end; ) {
      pos = varints ? this.#varintEnd(pos, end) : this.#fixedEnd(pos, 8, end);
    }
  }

  #note(type: MessageType, field: number, head: number, start: number, end: number): void {
    const { group, container, item, point } = this.index;
    switch (type.role) {
      case role.group:
        group.add(head, start, end, 0, container.count);
        break;
      case role.container:
        container.add(head, start, end, group.count - 1, item.count);
        break;
      case role.item:
        item.add(head, start, end, container.count - 1, point.count);
        break;
      case role.point:
        point.add(head, start, end, item.count - 1, 0);
        break;
      case role.resource:
        group.setInner(head, start, end);
        break;
      case role.scope:
        container.setInner(head, start, end);
        break;
      default:
        this.#noteData(item, field, head, start, end);
    }
  }

  #noteData(item: Level, field: number, head: number, start: number, end: number): void {
    item.setInner(head, start, end);
    item.dataField[item.count - 1] = field;
  }

  #cutShort(offset: number): PdataError {
    return truncated(Math.min(offset, this.#bytes.length));
  }
}

/**
 * Whether `[start, end)` is a KeyValue as nearly all senders write it: a key shorter than 128 bytes, then a value
 * with one string, bool, int or double. Nearly all bytes of a request lie in such attributes, so that this decides
 * the speed of the pass (benchmark `pdata`, second row); whatever it does not know goes the general way.
 */
function isPlainKeyValue(bytes: Uint8Array, start: number, end: number): boolean {
  const keyLength = bytes[start + 1] as number;
  const value = start + 2 + keyLength;
  if (end - start < 2 || bytes[start] !== 0x0a || keyLength > 127) return false;
  if (value + 2 > end || bytes[value] !== 0x12) return false;
  const member = value + 2;
  const valueLength = bytes[value + 1] as number;
  if (valueLength > 127) return isLongString(bytes, value + 1, end);
  if (member + valueLength !== end || valueLength < 2) return false;
  switch (bytes[member]) {
    case 0x0a:
      return member + 2 + (bytes[member + 1] as number) === end && (bytes[member + 1] as number) < 128;
    case 0x10:
      return valueLength === 2 && (bytes[member + 1] as number) < 128;
    case 0x18:
      return valueLength < 12 && isVarint(bytes, member + 1, end);
    case 0x21:
      return valueLength === 9;
    default:
      return false;
  }
}

/** An AnyValue with its length at `pos`: both lengths in two bytes and a string in it, up to `end`. */
function isLongString(bytes: Uint8Array, pos: number, end: number): boolean {
  const size = ((bytes[pos] as number) & 127) | ((bytes[pos + 1] as number) << 7);
  if (pos + 2 + size !== end || (bytes[pos + 1] as number) > 127 || size < 4 || bytes[pos + 2] !== 0x0a) return false;
  if ((bytes[pos + 3] as number) < 128) return pos + 4 + (bytes[pos + 3] as number) === end;
  const length = ((bytes[pos + 3] as number) & 127) | ((bytes[pos + 4] as number) << 7);
  return (bytes[pos + 4] as number) < 128 && pos + 5 + length === end;
}

/** Whether a varint of at most ten bytes, which the caller has checked, ends at `end`. */
function isVarint(bytes: Uint8Array, start: number, end: number): boolean {
  let pos = start;
  while (pos < end - 1 && (bytes[pos] as number) > 127) pos++;
  return pos === end - 1 && (bytes[pos] as number) < 128;
}

function truncated(offset: number): PdataError {
  return new PdataError("a field that is cut short", { code: "DBI_PDATA_TRUNCATED", offset });
}

function wrongWireType(what: string, offset: number): PdataError {
  return new PdataError(what, { code: "DBI_PDATA_WIRE_TYPE", offset });
}

function tooDeep(offset: number): PdataError {
  return new PdataError(`values nested deeper than ${maxValueDepth}`, { code: "DBI_PDATA_DEPTH", offset });
}
