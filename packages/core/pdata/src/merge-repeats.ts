import type { Field, MessageType } from "./message-type.ts";
import { afterField, contentStart, fieldNumber } from "./wire.ts";
import { Writer } from "./writer.ts";

/** One field that stays; a singular message that occurred several times has several parts. */
interface Kept {
  readonly field: Field | undefined;
  /** Tag position and end of a field that is copied as it is. */
  head: number;
  end: number;
  /** Content ranges of a message, in the order of occurrence. */
  readonly parts: [start: number, end: number][];
  superseded: boolean;
}

/**
 * Rewrites a validated message so that every singular field occurs once and every oneof has one member, by
 * protobuf's rule for repeated singular fields: of scalars the last counts, messages are merged (which equals
 * concatenating their content), and a later member of a oneof clears an earlier one.
 * Unknown fields stay where they are. Rare enough that clarity wins; all readers and editors rely on the result.
 */
export function mergeRepeats(type: MessageType, bytes: Uint8Array): Uint8Array {
  const writer = new Writer(bytes.length + 16);
  writeMerged(type, bytes, 0, bytes.length, writer);
  return writer.take();
}

function writeMerged(type: MessageType, bytes: Uint8Array, start: number, end: number, writer: Writer): void {
  for (const kept of fieldsThatStay(type, bytes, start, end)) {
    if (kept.superseded) continue;
    const message = kept.field?.message;
    if (kept.field === undefined || message === undefined) {
      writer.raw(bytes, kept.head, kept.end);
      continue;
    }
    const mark = writer.open(kept.field.number, kept.end - kept.head);
    const only = kept.parts.length === 1 ? kept.parts[0] : undefined;
    if (only !== undefined) {
      writeMerged(message, bytes, only[0], only[1], writer);
    } else {
      const joined = Buffer.concat(kept.parts.map(([from, to]) => bytes.subarray(from, to)));
      writeMerged(message, joined, 0, joined.length, writer);
    }
    writer.close(mark);
  }
}

function fieldsThatStay(type: MessageType, bytes: Uint8Array, start: number, end: number): Kept[] {
  const result: Kept[] = [];
  const current = new Map<number | string, Kept>();
  for (let pos = start; pos < end; ) {
    const head = pos;
    pos = afterField(bytes, pos);
    const field = type.fields[fieldNumber(bytes, head)];
    const parts: Kept["parts"] = [];
    if (field?.message !== undefined) parts.push([contentStart(bytes, head), pos]);
    const kept: Kept = { field, head, end: pos, parts, superseded: false };
    if (field === undefined || field.repeated) {
      result.push(kept);
      continue;
    }
    const slot = field.oneof ?? field.number;
    const previous = current.get(slot);
    if (previous?.field === field && field.message !== undefined) {
      previous.parts.push(...parts);
      continue;
    }
    if (previous !== undefined) previous.superseded = true;
    current.set(slot, kept);
    result.push(kept);
  }
  return result;
}
