/** Other ways to write the same message, all of them legal protobuf. */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

interface Part {
  readonly no: number;
  readonly wireType: WireType;
  readonly data: Uint8Array;
}

/** A source of small decisions: the next number in 0…n-1. */
export type Dice = (n: number) => number;

/**
 * Writes a message again: fields in another order (elements of one field keep theirs), messages in two parts,
 * superseded earlier values, lengths and tags longer than needed, packed fields unpacked.
 */
export function scramble(desc: DescMessage, bytes: Uint8Array, dice: Dice): Uint8Array {
  const parts = readParts(bytes).flatMap((part) => rewrite(desc, part, dice));
  const writer = new BinaryWriter();
  for (const part of shuffleStable(desc, parts, dice)) {
    writeVarint(writer, part.no * 8 + part.wireType, dice);
    if (part.wireType === WireType.LengthDelimited) writeVarint(writer, part.data.length, dice);
    writer.raw(part.data);
  }
  return writer.finish();
}

function readParts(bytes: Uint8Array): Part[] {
  const reader = new BinaryReader(bytes);
  const parts: Part[] = [];
  while (reader.pos < reader.len) {
    const [no, wireType] = reader.tag();
    const data = wireType === WireType.LengthDelimited ? reader.bytes() : reader.skip(wireType, no);
    parts.push({ no, wireType, data });
  }
  return parts;
}

function rewrite(desc: DescMessage, part: Part, dice: Dice): Part[] {
  const field = desc.fields.find((candidate) => candidate.number === part.no);
  if (field === undefined) return [part];
  if (field.fieldKind === "list" && field.listKind === "scalar" && isNumeric(field.scalar)) {
    return dice(2) === 0 ? unpack(field, part) : [part];
  }
  const message = field.message;
  if (message === undefined) return supersede(field, part, dice);
  if (field.fieldKind === "message" && dice(3) === 0) {
    // Two occurrences whose merge is the message: any cut between two fields will do.
    const inner = readParts(part.data);
    const cut = dice(inner.length + 1);
    return [inner.slice(0, cut), inner.slice(cut)].map((half) => ({
      ...part,
      data: scramble(message, write(half), dice),
    }));
  }
  return [{ ...part, data: scramble(message, part.data, dice) }];
}

/** An earlier value of a singular scalar, which the later one replaces. */
function supersede(field: DescField, part: Part, dice: Dice): Part[] {
  if (field.fieldKind === "list" || dice(6) !== 0) return [part];
  const earlier = part.wireType === WireType.LengthDelimited ? Uint8Array.of(0x61) : part.data.map(() => 0);
  return [{ ...part, data: part.wireType === WireType.Varint ? Uint8Array.of(1) : earlier }, part];
}

function isNumeric(type: ScalarType): boolean {
  return type !== ScalarType.STRING && type !== ScalarType.BYTES;
}

function unpack(field: DescField & { fieldKind: "list" }, part: Part): Part[] {
  const reader = new BinaryReader(part.data);
  const isVarint = field.name === "bucket_counts" && field.parent.name === "Buckets";
  const wireType = isVarint ? WireType.Varint : WireType.Bit64;
  const parts: Part[] = [];
  while (reader.pos < reader.len) parts.push({ no: part.no, wireType, data: reader.skip(wireType, part.no) });
  return parts;
}

function write(parts: readonly Part[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const part of parts) {
    writer.tag(part.no, part.wireType);
    if (part.wireType === WireType.LengthDelimited) writer.bytes(part.data);
    else writer.raw(part.data);
  }
  return writer.finish();
}

/** Any order in which parts of the same field, of the same oneof and unknown fields among each other keep theirs. */
function shuffleStable(desc: DescMessage, parts: readonly Part[], dice: Dice): Part[] {
  const queues = new Map<string, Part[]>();
  for (const part of parts) {
    const field = desc.fields.find((candidate) => candidate.number === part.no);
    const name = field === undefined ? "unknown" : (field.oneof?.name ?? field.name);
    const queue = queues.get(name) ?? [];
    queue.push(part);
    queues.set(name, queue);
  }
  const result: Part[] = [];
  const waiting = [...queues.values()];
  while (waiting.length > 0) {
    const at = dice(waiting.length);
    const queue = waiting[at] ?? [];
    const part = queue.shift();
    if (part !== undefined) result.push(part);
    if (queue.length === 0) waiting.splice(at, 1);
  }
  return result;
}

/** Now and then with bytes that add nothing. */
function writeVarint(writer: BinaryWriter, value: number, dice: Dice): void {
  if (dice(8) !== 0 || value >= 2 ** 28) {
    writer.uint32(value);
    return;
  }
  writer.raw(
    Uint8Array.of(
      (value & 127) | 128,
      ((value >>> 7) & 127) | 128,
      ((value >>> 14) & 127) | 128,
      ((value >>> 21) & 127) | 128,
      0,
    ),
  );
}
