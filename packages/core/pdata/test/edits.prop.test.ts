import { isDeepStrictEqual } from "node:util";
import { clone, type Message } from "@bufbuild/protobuf";
import { attributeKey, type Batch, decode, type LogRecord, type Signal, signals } from "@dbintel/pdata";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { request } from "./oracle/arbitrary.ts";
import { type Edit, editLens, editObjects, items, leaves, pass } from "./oracle/edits.ts";
import { canonical, decodeFully, encodeFully, requestDescriptor } from "./oracle/oracle.ts";
import { readLens, readObjects } from "./oracle/reading.ts";
import { scramble } from "./oracle/scramble.ts";

const key = attributeKey("a");

type Pass = readonly (readonly Edit[])[];

/** One walk over the lens and over the objects that remained from the walk before. */
function walk(signal: Signal, batch: Batch, objects: Message, edits: Pass): void {
  const targets = leaves(signal, objects);
  let at = 0;
  for (const item of items(batch)) {
    const leaf = targets[at];
    // A metric that was dropped takes the points behind this one along.
    while (leaf !== undefined && at < targets.length && !isLeft(signal, objects, targets[at])) at++;
    const present = targets[at];
    for (const change of edits[at] ?? []) {
      editLens(item, change);
      if (present !== undefined) editObjects(signal, objects, present, change);
      if (change.kind === "drop") break;
    }
    at++;
  }
}

function isLeft(signal: Signal, objects: Message, leaf: unknown): boolean {
  const item = (leaf as { item: unknown } | undefined)?.item;
  return leaves(signal, objects).some((candidate) => candidate.item === item);
}

function expectSame(signal: Signal, batch: Batch, objects: Message): void {
  const encoded = batch.encode();
  expect(canonical(signal, encoded)).toBe(Buffer.from(encodeFully(signal, objects)).toString("hex"));
  expect(batch.byteSize).toBe(encoded.length);
  const expected = leaves(signal, objects);
  expect(batch.count).toBe(expected.length);
  const read = readLens(batch);
  expectDeeply(
    read,
    expected.map((leaf) => readObjects(signal, leaf)),
  );
  const again = decode(signal, encoded);
  expectDeeply(readLens(again), read);
  expectDeeply(hashesOf(again), hashesOf(batch));
}

/** Of what stands there now, however it came about. */
function hashesOf(batch: Batch): unknown[] {
  const hashes: unknown[] = [];
  for (const item of items(batch)) {
    const each: number[] = [];
    item.attributes.forEachHash((name, value) => each.push(name, value));
    hashes.push(each, item.attributes.hashAll(1), item.attributes.hashAll(1, [key]));
    if (batch.signal !== "logs") continue;
    const content = new Int32Array(2);
    (item as LogRecord).contentHash(1, content);
    hashes.push(content);
  }
  return hashes;
}

/** `toEqual` for large values: its careful comparison is only made to explain a difference. */
function expectDeeply(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected);
}

describe.each(signals)("%s", (signal) => {
  test("any sequence of edits through the lens equals the same edits on decoded objects", () => {
    fc.assert(
      fc.property(
        request(signal),
        fc.array(pass(signal), { maxLength: 3 }),
        fc.infiniteStream(fc.nat()),
        (message, passes, numbers) => {
          const bytes = scramble(requestDescriptor(signal), encodeFully(signal, message), dice(numbers));
          const before = bytes.slice();
          const objects = decodeFully(signal, bytes);
          const batch = decode(signal, bytes);
          for (const edits of passes) walk(signal, batch, objects, edits);
          expectSame(signal, batch, objects);
          expect(bytes).toEqual(before);
        },
      ),
      { numRuns: 400 },
    );
  });

  test("forks are edited apart", () => {
    fc.assert(
      fc.property(request(signal), fc.array(pass(signal), { minLength: 4, maxLength: 4 }), (message, passes) => {
        const [before = [], left = [], right = [], later = []] = passes;
        const bytes = encodeFully(signal, message);
        const objects = decodeFully(signal, bytes);
        const batch = decode(signal, bytes);
        walk(signal, batch, objects, before);
        const fork = batch.fork();
        expect([...fork.dropped]).toEqual([]);
        const forked = clone(requestDescriptor(signal), objects);
        walk(signal, batch, objects, left);
        walk(signal, fork, forked, right);
        walk(signal, batch, objects, later);
        expectSame(signal, batch, objects);
        expectSame(signal, fork, forked);
      }),
      { numRuns: 200 },
    );
  });

  test("what is not edited is encoded as it was", () => {
    fc.assert(
      fc.property(request(signal), fc.infiniteStream(fc.nat()), (message, numbers) => {
        const bytes = scramble(requestDescriptor(signal), encodeFully(signal, message), dice(numbers));
        const batch = decode(signal, bytes);
        expect(batch.encode()).toEqual(bytes);
        expect(batch.byteSize).toBe(bytes.length);
        expectSame(signal, batch, decodeFully(signal, bytes));
      }),
      { numRuns: 200 },
    );
  });
});

function dice(numbers: Iterator<number>): (n: number) => number {
  return (n) => (numbers.next().value as number) % n;
}
