/*
 * A checkpoint, integers in little-endian:
 *   "DBIC" · uint32 length of the head · the head, JSON with `parts`: the lengths of what follows · the parts
 */
const magic = "DBIC";
const headAt = 8;

/** What a checkpoint holds: a description of it and numbers in bulk. */
export interface CheckpointContent {
  /** As JSON has it. */
  readonly head: Readonly<Record<string, unknown>>;
  readonly parts: readonly Uint8Array[];
}

/** A content as bytes; the parts are copied. */
export function packCheckpoint({ head, parts }: CheckpointContent): Uint8Array {
  const description = Buffer.from(JSON.stringify({ ...head, parts: parts.map(({ byteLength }) => byteLength) }));
  const bytes = Buffer.allocUnsafe(
    headAt + description.length + parts.reduce((sum, { byteLength }) => sum + byteLength, 0),
  );
  bytes.write(magic, "latin1");
  bytes.writeUInt32LE(description.length, magic.length);
  let at = headAt + description.copy(bytes, headAt);
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** The content of bytes, each part in memory of its own; `undefined` when they are no checkpoint, or damaged. */
export function unpackCheckpoint(bytes: Uint8Array): CheckpointContent | undefined {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (whole.length < headAt || whole.toString("latin1", 0, magic.length) !== magic) return undefined;
  let at = headAt + whole.readUInt32LE(magic.length);
  const head = parsed(whole.toString("utf8", headAt, at));
  if (head === undefined || at > whole.length) return undefined;
  const { parts: lengths, ...rest } = head;
  if (!Array.isArray(lengths)) return undefined;
  const parts: Uint8Array[] = [];
  for (const length of lengths as readonly unknown[]) {
    if (typeof length !== "number" || !Number.isInteger(length) || length < 0 || at + length > whole.length) {
      return undefined;
    }
    parts.push(new Uint8Array(whole.subarray(at, at + length)));
    at += length;
  }
  return at === whole.length ? { head: rest, parts } : undefined;
}

function parsed(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
