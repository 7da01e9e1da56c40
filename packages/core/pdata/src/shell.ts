import { CONTAINER, ITEM } from "./batch-index.ts";
import type { BatchState } from "./batch-state.ts";
import { Writer } from "./writer.ts";

/**
 * The content of a group, a container, a metric or a metric's data (`isData`) without its children, edits included:
 * what each piece of a split batch repeats.
 */
export function shellOf(state: BatchState, level: number, element: number, isData: boolean): Uint8Array {
  const writer = new Writer();
  if (isData) writeData(state, element, writer);
  else if (level === ITEM) writeMetric(state, element, writer);
  else writeParent(state, level, element, writer);
  return writer.take();
}

function writeParent(state: BatchState, level: number, element: number, writer: Writer): void {
  const { bytes } = state.source;
  const { start, end, first, innerHead, innerEnd } = state.index.level(level);
  const children = state.index.level(level === CONTAINER ? ITEM : CONTAINER);
  const isRewritten = writeRewritten(state, level, element, writer, 1);
  const inner = innerHead[element] as number;
  const skip = isRewritten ? (innerEnd[element] as number) : inner;
  let pos = start[element] as number;
  const copyTo = (to: number) => {
    if (pos <= inner && inner < to) {
      writer.raw(bytes, pos, inner);
      writer.raw(bytes, skip, to);
    } else {
      writer.raw(bytes, pos, to);
    }
  };
  for (let at = first[element] as number; at < (first[element + 1] as number); at++) {
    copyTo(children.head[at] as number);
    pos = children.end[at] as number;
  }
  copyTo(end[element] as number);
}

function writeMetric(state: BatchState, element: number, writer: Writer): void {
  if (writeRewritten(state, ITEM, element, writer, 0)) return;
  const { start, end, innerHead, innerEnd } = state.index.item;
  writer.raw(state.source.bytes, start[element] as number, innerHead[element] as number);
  writer.raw(state.source.bytes, innerEnd[element] as number, end[element] as number);
}

function writeData(state: BatchState, element: number, writer: Writer): void {
  const { bytes } = state.source;
  const { innerStart, innerEnd, first } = state.index.item;
  const { head, end } = state.index.point;
  let pos = innerStart[element] as number;
  for (let at = first[element] as number; at < (first[element + 1] as number); at++) {
    writer.raw(bytes, pos, head[at] as number);
    pos = end[at] as number;
  }
  writer.raw(bytes, pos, innerEnd[element] as number);
}

/** Writes the rewritten slice of an element, as the content of field `field` unless that is 0; false without one. */
function writeRewritten(state: BatchState, level: number, element: number, writer: Writer, field: number): boolean {
  const edits = state.edits?.level(level);
  if (state.edits === undefined || edits === undefined || !edits.isRewritten(element)) return false;
  const { bytes } = state.edits.source(level, element);
  const start = edits.start?.[element] as number;
  const end = edits.end?.[element] as number;
  if (field === 0) writer.raw(bytes, start, end);
  else writer.bytesField(field, bytes.subarray(start, end));
  return true;
}
