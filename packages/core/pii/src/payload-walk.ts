import type { Signal } from "@dbintel/pdata";
import { FieldReader } from "./field-reader.ts";
import { isItem, type Layout, requests } from "./payload-layout.ts";

/** Messages nested deeper than a request may have them are looked at as text. */
const maxDepth = 256;

/** Called with each text of a payload: `bytes[start, end)`. */
export type VisitText = (bytes: Uint8Array, start: number, end: number) => void;

/**
 * Visits every text of an encoded request. What cannot be read as a message is a text: the walk leaves nothing out
 * because it does not understand it.
 */
export function forEachText(signal: Signal, bytes: Uint8Array, visit: VisitText): void {
  const reader = new FieldReader(bytes);
  const walk = ({ messages }: Layout, from: number, to: number, depth: number): void => {
    for (let pos = from; pos < to; ) {
      if (!reader.read(pos, to)) {
        visit(bytes, pos, to);
        return;
      }
      const { number, hasLength, start, end } = reader;
      if (hasLength) {
        const below = number < messages.length ? messages[number] : undefined;
        if (below === undefined || depth === maxDepth) visit(bytes, start, end);
        else if (below !== "skip") walk(below, start, end, depth + 1);
      }
      pos = end;
    }
  };
  walk(requests[signal], 0, bytes.length, 0);
}

/** A range of items by their number in the payload. */
export interface ItemRange {
  readonly first: number;
  readonly end: number;
}

/** The items that the byte at `offset` belongs to: one, those below a resource, a scope or a metric, or all. */
export function itemsAt(signal: Signal, bytes: Uint8Array, offset: number): ItemRange {
  const reader = new FieldReader(bytes);
  let count = 0;
  let found: ItemRange | undefined;
  const walk = (message: Layout, from: number, to: number): void => {
    const first = count;
    if (isItem(message)) count++;
    else {
      for (let pos = from; pos < to && reader.read(pos, to); ) {
        const { number, hasLength, start, end } = reader;
        const below = hasLength ? message.messages[number] : undefined;
        if (below !== undefined && below !== "skip") walk(below, start, end);
        pos = end;
      }
    }
    if (found === undefined && count > first && offset >= from && offset < to) found = { first, end: count };
  };
  walk(requests[signal], 0, bytes.length);
  return found ?? { first: 0, end: count };
}
