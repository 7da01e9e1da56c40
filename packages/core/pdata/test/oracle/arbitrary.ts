/** Random OTLP messages: every field of every message by its descriptor, unknown fields included. */
import { create, type DescField, type DescMessage, type DescOneof, type Message, ScalarType } from "@bufbuild/protobuf";
import type { AnyValue, Signal } from "@dbintel/pdata";
import fc from "fast-check";
import { requestDescriptor } from "./oracle.ts";

const maxDepth = 9;

/** Few names, so that edits meet existing attributes and names occur twice. */
export const attributeName = fc.constantFrom("a", "b", "db.query.text", "", "schlüssel", "k".repeat(130));

/** With the lengths at which a varint grows; the longest is rare, because it costs the most time. */
export const text = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom("", "x", "SELECT 1", "größer", "😀", "y".repeat(127), "z".repeat(128)) },
  { weight: 30, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constant("w".repeat(16_384)) },
);

export const uint64 = fc.oneof(
  fc.constantFrom(0n, 1n, 127n, 128n, 2n ** 53n + 1n, 1_700_000_000_123_456_789n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt(0n, 2n ** 64n - 1n),
);

export const int64 = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 2n ** 49n, -(2n ** 49n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
);

export const uint32 = fc.oneof(fc.constantFrom(0, 1, 127, 128, 2 ** 31, 2 ** 32 - 1), fc.nat());
export const int32 = fc.oneof(fc.constantFrom(0, 1, 2, 3, 9, -1, -(2 ** 31), 2 ** 31 - 1), fc.integer());
export const double = fc.oneof(fc.constantFrom(0, -0, 1.5, Number.NaN, Infinity, -Infinity), fc.double());
const blob = fc.uint8Array({ maxLength: 20 });
const traceId = fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ minLength: 16, maxLength: 16 }));
const spanId = fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ minLength: 8, maxLength: 8 }));

/** Values as the lens takes them. */
export const anyValue: fc.Arbitrary<AnyValue> = fc.letrec<{ value: AnyValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    text,
    fc.constant(null),
    fc.boolean(),
    int64,
    double,
    blob,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(attributeName, tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
  ),
})).value;

/** Numbers that no OTLP message uses, with each wire type that is not a group. */
const unknownField = fc.oneof(
  fc.record({
    no: fc.constantFrom(21, 31, 32, 1001, 536_870_911),
    wireType: fc.constant(0),
    data: fc.constant(Uint8Array.of(200, 1)),
  }),
  fc.record({
    no: fc.constantFrom(21, 31, 99),
    wireType: fc.constant(1),
    data: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  }),
  fc.record({
    no: fc.constantFrom(22, 1001),
    wireType: fc.constant(2),
    data: fc.constantFrom(Uint8Array.of(0), Uint8Array.of(3, 0xff, 0xfe, 0)),
  }),
  fc.record({
    no: fc.constantFrom(23, 1001),
    wireType: fc.constant(5),
    data: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  }),
);

const unknownFields = fc.oneof(
  { weight: 6, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(unknownField, { minLength: 1, maxLength: 2 }) },
);

function scalar(field: DescField, type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return field.parent.name === "KeyValue" ? attributeName : text;
    case ScalarType.BYTES:
      if (field.localName === "traceId") return traceId;
      return field.localName.endsWith("panId") ? spanId : blob;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
      return double;
    case ScalarType.INT64:
    case ScalarType.SFIXED64:
      return int64;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return uint64;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return uint32;
    default:
      return int32;
  }
}

function fieldValue(field: DescField, depth: number): fc.Arbitrary<unknown> | undefined {
  switch (field.fieldKind) {
    case "scalar":
      return scalar(field, field.scalar);
    case "enum":
      return int32;
    case "message":
      return depth > 0 ? message(field.message, depth - 1) : undefined;
    case "list": {
      const maxLength = field.message?.name === "KeyValue" ? 4 : 3;
      if (field.listKind === "scalar") return fc.array(scalar(field, field.scalar), { maxLength });
      if (field.listKind === "enum" || depth === 0) return undefined;
      return fc.array(message(field.message, depth - 1), { maxLength });
    }
    default:
      return undefined;
  }
}

function oneof(desc: DescOneof, depth: number): fc.Arbitrary<unknown> {
  const members = desc.fields.flatMap((field) => {
    const value = fieldValue(field, depth);
    return value === undefined ? [] : [value.map((chosen) => ({ case: field.localName, value: chosen }))];
  });
  return fc.oneof(fc.constant({ case: undefined }), ...members);
}

/** Fields that are always there, so that most requests have items. */
const structure =
  /^(resource(Logs|Metrics|Spans)|scope(Logs|Metrics|Spans)|logRecords|metrics|spans|data|dataPoints|attributes)$/;

const known = new Map<string, fc.Arbitrary<Message>>();

function message(desc: DescMessage, depth: number): fc.Arbitrary<Message> {
  const key = `${desc.typeName} ${depth}`;
  const existing = known.get(key);
  if (existing !== undefined) return existing;
  const model: Record<string, fc.Arbitrary<unknown>> = {};
  for (const member of desc.members) {
    const value = member.kind === "oneof" ? oneof(member, depth) : fieldValue(member, depth);
    if (value !== undefined) model[member.localName] = value;
  }
  const requiredKeys = Object.keys(model).filter((name) => structure.test(name));
  const result = fc.tuple(fc.record(model, { requiredKeys }), unknownFields).map(([init, unknown]) => {
    const made = create(desc, init);
    if (unknown.length > 0) made.$unknown = [...unknown];
    return made;
  });
  known.set(key, result);
  return result;
}

/** Export requests with every field that OTLP has. */
export function request(signal: Signal): fc.Arbitrary<Message> {
  return message(requestDescriptor(signal), maxDepth);
}
