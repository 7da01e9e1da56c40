/** Whatever items of a request are malformed: exactly the others are left, in their order. */
import { clone } from "@bufbuild/protobuf";
import { decode, decodeJson, PdataError, type Salvaged, type Signal, salvage, signals } from "@dbintel/pdata";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { request } from "./oracle/arbitrary.ts";
import { canonical, encodeFully, requestDescriptor, toOtlpJson } from "./oracle/oracle.ts";

/** An unknown field that is a group, which OTLP does not use. */
const group = { no: 1001, wireType: 3, data: Uint8Array.of(0xcc, 0x3e) };

const itemLists = new Set(["logRecords", "spans", "dataPoints"]);
const parentLists = /^(resource|scope)(Logs|Metrics|Spans)$|^metrics$/;

type Node = Record<string, unknown>;

/** All lists of items in a message or in its JSON, as they stand. */
function* listsOf(node: Node): Generator<Node[]> {
  for (const [name, value] of Object.entries(node)) {
    if (itemLists.has(name)) yield value as Node[];
    else if (Array.isArray(value))
      for (const each of parentLists.test(name) ? (value as Node[]) : []) yield* listsOf(each);
    else if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) yield* listsOf(value as Node);
  }
}

/** Removes what is bad, and the parents that have lost everything by it. */
function without(bad: ReadonlySet<unknown>, node: Node): { lost: number; kept: number } {
  const sum = { lost: 0, kept: 0 };
  for (const [name, value] of Object.entries(node)) {
    if (Array.isArray(value) && itemLists.has(name)) {
      const sound = (value as Node[]).filter((item) => !bad.has(item));
      sum.lost += value.length - sound.length;
      sum.kept += sound.length;
      node[name] = sound;
    } else if (Array.isArray(value) && parentLists.test(name)) {
      node[name] = (value as Node[]).filter((each) => {
        const { lost, kept } = without(bad, each);
        sum.lost += lost;
        sum.kept += kept;
        return kept > 0 || lost === 0;
      });
    } else if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && !Array.isArray(value)) {
      const { lost, kept } = without(bad, value as Node);
      sum.lost += lost;
      sum.kept += kept;
    }
  }
  return sum;
}

/** A request, the same without its bad items, and how many those are. */
function cases(signal: Signal) {
  return fc.tuple(request(signal), fc.infiniteStream(fc.nat({ max: 3 }))).map(([message, dice]) => {
    const items = [...listsOf(message as unknown as Node)].flat();
    const isBad = items.map(() => dice.next().value === 0);
    const copy = clone(requestDescriptor(signal), message);
    const copied = [...listsOf(copy as unknown as Node)].flat();
    const { lost, kept } = without(new Set(copied.filter((_, at) => isBad[at])), copy as unknown as Node);
    return { message, isBad, expected: copy, lost, kept };
  });
}

function check(signal: Signal, read: () => Salvaged<Signal>, want: { expected: string; lost: number; kept: number }) {
  if (want.kept === 0 && want.lost > 0) {
    expect(read).toThrow(PdataError);
    return;
  }
  const { batch, rejected, first } = read();
  expect({ rejected, count: batch.count }).toEqual({ rejected: want.lost, count: want.kept });
  expect(first === undefined).toBe(want.lost === 0);
  expect(canonical(signal, batch.encode())).toBe(want.expected);
}

describe.each(signals)("%s", (signal: Signal) => {
  test("in protobuf", () => {
    fc.assert(
      fc.property(cases(signal), ({ message, isBad, expected, lost, kept }) => {
        const items = [...listsOf(message as unknown as Node)].flat();
        for (const [at, item] of items.entries()) if (isBad[at]) item.$unknown = [group];
        const bytes = encodeFully(signal, message);
        if (lost > 0) expect(() => decode(signal, bytes)).toThrow(PdataError);
        const want = { expected: hex(encodeFully(signal, expected)), lost, kept };
        check(signal, () => salvage(signal, "protobuf", bytes), want);
      }),
      { numRuns: 80 },
    );
  });

  test("in JSON", () => {
    fc.assert(
      fc.property(cases(signal), ({ message, isBad, expected, lost, kept }) => {
        const json = toOtlpJson(signal, message) as unknown as Node;
        const items = [...listsOf(json)].flat();
        for (const [at, item] of items.entries()) if (isBad[at]) item.flags = "many";
        const text = Buffer.from(JSON.stringify(json));
        if (lost > 0) expect(() => decodeJson(signal, text)).toThrow(PdataError);
        const plain = decodeJson(signal, JSON.stringify(toOtlpJson(signal, expected))).encode();
        check(signal, () => salvage(signal, "json", text), { expected: canonical(signal, plain), lost, kept });
      }),
      { numRuns: 50 },
    );
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
