import type { Field, MessageType } from "./message-type.ts";
import { afterField, afterVarint, contentStart, fieldNumber } from "./wire.ts";
import { Writer } from "./writer.ts";

/** One field that stays; a singular message that occurred several times has several parts. */
interface Kept {
  readonly field: Field | undefined;
  /** Tag position and end. */
  readonly head: number;
  readonly end: number;
  /** Content ranges of a message, in the order of occurrence. */
  readonly parts: [start: number, end: number][];
  superseded: boolean;
}

/**
 * Rewrites a validated message so that every singular field occurs once, every oneof has one member and every known
 * tag is as short as it can be. Readers and editors rely on that; hardly any sender needs it.
 *
 * Repeated singular fields follow protobuf's rule: of scalars the last counts, messages are merged (which equals
 * concatenating their content), a later member of a oneof clears an earlier one. Unknown fields stay where they are.
 */
export function toRegularForm(type: MessageType, bytes: Uint8Array): Uint8Array {
  const writer = new Writer(bytes.length + 16);
  writeRegular(type, bytes, 0, bytes.length, writer);
  return writer.take();
}

function writeRegular(type: MessageType, bytes: Uint8Array, start: number, end: number, writer: Writer): void {
  for (const { field, head, end: after, parts, superseded } of fieldsThatStay(type, bytes, start, end)) {
    if (superseded) continue;
    if (field === undefined) {
      writer.raw(bytes, head, after);
    } else if (field.message === undefined) {
      writer.tag(field.number, (bytes[head] as number) & 7);
      writer.raw(bytes, afterVarint(bytes, head), after);
    } else {
      const mark = writer.open(field.number, after - head);
      writeParts(field.message, bytes, parts, writer);
      writer.close(mark);
    }
  }
}

function writeParts(type: MessageType, bytes: Uint8Array, parts: Kept["parts"], writer: Writer): void {
  const only = parts.length === 1 ? parts[0] : undefined;
  if (only !== undefined) {
    writeRegular(type, bytes, only[0], only[1], writer);
    return;
  }
  const joined = Buffer.concat(parts.map(([from, to]) => bytes.subarray(from, to)));
  writeRegular(type, joined, 0, joined.length, writer);
}

function fieldsThatStay(type: MessageType, bytes: Uint8Array, start: number, end: number): Kept[] {
  const result: Kept[] = [];
  const current = new Map<number | string, Kept>();
  for (let pos = start; pos < end; ) {
    const head = pos;
    pos = afterField(bytes, pos);
    const field = type.fields[fieldNumber(bytes, head)];
    const parts: Kept["parts"] = field?.message === undefined ? [] : [[contentStart(bytes, head), pos]];
    const kept: Kept = { field, head, end: pos, parts, superseded: false };
    if (field !== undefined && !field.repeated) {
      const slot = field.oneof ?? field.number;
      const previous = current.get(slot);
      if (previous?.field === field && field.message !== undefined) {
        previous.parts.push(...parts);
        continue;
      }
      if (previous !== undefined) previous.superseded = true;
      current.set(slot, kept);
    }
    result.push(kept);
  }
  return result;
}
