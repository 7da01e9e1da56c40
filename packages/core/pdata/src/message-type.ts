import { FIXED32, FIXED64, LEN, VARINT } from "./wire.ts";

/** The scalar types that OTLP uses. `id` is `bytes` that OTLP/JSON writes as hexadecimal digits. */
export type ScalarType =
  | "bool"
  | "int32"
  | "uint32"
  | "sint32"
  | "enum"
  | "int64"
  | "uint64"
  | "fixed32"
  | "fixed64"
  | "sfixed64"
  | "double"
  | "string"
  | "bytes"
  | "id";

/** A field as the layout declares it. */
export interface FieldInit {
  readonly number: number;
  readonly type: ScalarType | { readonly message: string };
  readonly repeated?: true;
  /** Members of one oneof carry the same name: at most one of them is set. */
  readonly oneof?: string;
  /** `optional` in the `.proto`: zero and unset differ. */
  readonly optional?: true;
}

/** A field with its message type resolved. */
export interface Field extends FieldInit {
  /** The lowerCamelCase name of OTLP/JSON. */
  readonly name: string;
  /** The name as the bytes of JSON, with quotes and colon. */
  readonly label: Uint8Array;
  /** The type of an embedded message; `undefined` for a scalar. */
  readonly message: MessageType | undefined;
  /** Zero is written: repeated, `optional` and oneof fields. */
  readonly presence: boolean;
}

/** What the validating pass does with a tag. */
export const action = {
  unknown: 0,
  varint: 1,
  fixed64: 2,
  fixed32: 3,
  opaque: 4,
  message: 5,
  packed: 6,
  wrong: 7,
  /** A message too, and the one that most bytes of a request lie in. */
  keyValue: 8,
} as const;

/** Highest field number + 1 of any OTLP message that the tables have room for; its tags are below 256. */
const fieldLimit = 32;

/**
 * Which level of a request a message makes up; `0` for all that lie below the items.
 * group = ResourceLogs …, container = ScopeLogs …, item = log record, span or metric.
 */
export const role = { none: 0, group: 1, container: 2, item: 3, resource: 4, scope: 5, data: 6, point: 7 } as const;
export type Role = (typeof role)[keyof typeof role];

/** A message of OTLP: its fields by number and by name, and the tables that the validating pass runs on. */
export class MessageType {
  readonly name: string;
  readonly role: Role;
  /** 1 for `AnyValue`, the only message that nests without end. */
  readonly depth: number;
  readonly fields: (Field | undefined)[] = new Array<Field | undefined>(fieldLimit).fill(undefined);
  readonly byName = new Map<string, Field>();
  /** By the length of the label in bytes. */
  readonly #byLength: Field[][] = [];
  /** By tag byte: one of {@link action}. */
  readonly actions = new Uint8Array(256);
  /** By field number: the type of the embedded message. */
  readonly children: (MessageType | undefined)[] = new Array<MessageType | undefined>(fieldLimit).fill(undefined);
  /** By field number: the bits (1 << number) of fields that must not have been seen before it. */
  readonly conflicts = new Int32Array(fieldLimit);

  constructor(name: string, roleOf: Role) {
    this.name = name;
    this.role = roleOf;
    this.depth = name === "AnyValue" ? 1 : 0;
  }

  /** Second step of construction: message types refer to each other. */
  declare(fields: Readonly<Record<string, FieldInit>>, types: ReadonlyMap<string, MessageType>): void {
    const oneofs = new Map<string, number>();
    for (const [name, init] of Object.entries(fields)) {
      const message = typeof init.type === "string" ? undefined : types.get(init.type.message);
      const presence = init.repeated === true || init.optional === true || init.oneof !== undefined;
      const label = Uint8Array.from(Buffer.from(`"${name}":`));
      const field: Field = { ...init, name, label, message, presence: presence || message !== undefined };
      this.fields[init.number] = field;
      this.byName.set(name, field);
      const sameLength = this.#byLength[label.length] ?? [];
      sameLength.push(field);
      this.#byLength[label.length] = sameLength;
      this.children[init.number] = message;
      this.#setActions(field);
      if (init.oneof !== undefined) oneofs.set(init.oneof, (oneofs.get(init.oneof) ?? 0) | (1 << init.number));
    }
    for (const field of this.byName.values()) {
      if (field.repeated) continue;
      const oneof = field.oneof === undefined ? undefined : oneofs.get(field.oneof);
      this.conflicts[field.number] = oneof ?? 1 << field.number;
    }
  }

  /** The field whose name stands, in quotes, at `[start, end)`. */
  fieldAt(bytes: Uint8Array, start: number, end: number): Field | undefined {
    for (const field of this.#byLength[end - start + 1] ?? []) {
      if (startsWithName(bytes, start, field.label)) return field;
    }
    return undefined;
  }

  #setActions(field: Field): void {
    const base = field.number << 3;
    this.actions.fill(action.wrong, base, base + 8);
    if (field.message !== undefined) {
      this.actions[base | LEN] = field.message.name === "KeyValue" ? action.keyValue : action.message;
      return;
    }
    const wireType = wireTypeOf(field.type as ScalarType);
    this.actions[base | wireType] = [action.varint, action.fixed64, action.opaque, 0, 0, action.fixed32][wireType] ?? 0;
    if (field.repeated && wireType !== LEN) this.actions[base | LEN] = action.packed;
  }
}

export function wireTypeOf(type: ScalarType): number {
  switch (type) {
    case "fixed64":
    case "sfixed64":
    case "double":
      return FIXED64;
    case "fixed32":
      return FIXED32;
    case "string":
    case "bytes":
    case "id":
      return LEN;
    default:
      return VARINT;
  }
}

/** Whether a label without its colon stands at `start`. */
function startsWithName(bytes: Uint8Array, start: number, label: Uint8Array): boolean {
  for (let at = 1; at < label.length - 1; at++) {
    if (bytes[start + at] !== label[at]) return false;
  }
  return true;
}
