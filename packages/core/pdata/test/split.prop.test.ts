import { type Message, toBinary } from "@bufbuild/protobuf";
import { type Batch, decode, mergeBatches, type Signal, signals } from "@dbintel/pdata";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { request } from "./oracle/arbitrary.ts";
import { type Edit, editLens, items, leaves, pass } from "./oracle/edits.ts";
import { canonical, decodeFully, descriptor, encodeFully, lists } from "./oracle/oracle.ts";

/** Every leaf with all that holds it, each as canonical bytes without its children: nothing of a request is left out. */
function paths(signal: Signal, bytes: Uint8Array): string[][] {
  const whole = decodeFully(signal, bytes);
  return leaves(signal, whole).map(({ group, container, metric, item }) => {
    const { containers, items: itemsOf } = lists(signal);
    const path = [
      without(group, containers(group)),
      without(container, itemsOf(container)),
      metric === undefined ? "" : without(metric, metric.data.value?.dataPoints ?? []),
    ];
    return [...path, hex(item)];
  });
}

/** The bytes of a message while one of its lists is empty. */
function without(message: Message, list: unknown[]): string {
  const children = list.splice(0, list.length);
  const result = hex(message);
  list.push(...children);
  return result;
}

function hex(message: Message): string {
  return Buffer.from(toBinary(descriptor(message.$typeName.replace("opentelemetry.proto.", "")), message)).toString(
    "hex",
  );
}

/** A batch with a history of edits. */
function edited(signal: Signal, message: Message, edits: readonly (readonly Edit[])[]): Batch {
  const batch: Batch = decode(signal, encodeFully(signal, message));
  let at = 0;
  for (const item of items(batch)) for (const change of edits[at++] ?? []) editLens(item, change);
  return batch;
}

describe.each(signals)("%s", (signal) => {
  const batches = fc.tuple(request(signal), pass(signal)).map(([message, edits]) => edited(signal, message, edits));

  test("pieces by count have every item once, in order, with all that holds it", () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 7 }), (batch, maxCount) => {
        const pieces = batch.splitByCount(maxCount);
        expect(pieces.flatMap((piece) => paths(signal, piece.encode()))).toEqual(paths(signal, batch.encode()));
        expect(pieces.map(({ count }) => count)).toEqual(chunks(batch.count, maxCount));
        for (const piece of pieces) expect(piece.byteSize).toBe(piece.encode().length);
      }),
      { numRuns: 150 },
    );
  });

  test("pieces by bytes have every item once, in order, and are as large as they may be", () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 1500 }), (batch, maxBytes) => {
        const pieces = batch.splitByBytes(maxBytes);
        const expected = paths(signal, batch.encode());
        expect(pieces.flatMap((piece) => paths(signal, piece.encode()))).toEqual(expected);
        for (const piece of pieces) if (piece.count > 1) expect(piece.byteSize).toBeLessThanOrEqual(maxBytes);
        for (const [at, piece] of pieces.entries()) {
          const next = pieces[at + 1]?.splitByCount(1)[0];
          if (next === undefined) continue;
          const together = joined(batch, piece.count, pieces.slice(0, at));
          expect(together.byteSize).toBeGreaterThan(maxBytes);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("merging is concatenation", () => {
    fc.assert(
      fc.property(fc.array(batches, { minLength: 1, maxLength: 3 }), (several) => {
        const merged = mergeBatches<Signal>(several);
        expect(merged.count).toBe(several.reduce((sum, { count }) => sum + count, 0));
        const bytes = Buffer.concat(several.map((batch) => batch.encode()));
        expect(canonical(signal, merged.encode())).toBe(canonical(signal, bytes));
      }),
      { numRuns: 60 },
    );
  });

  test("splitting leaves the batch alone and its pieces are their own", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const before = batch.encode().slice();
        for (const piece of [...batch.splitByCount(2), ...batch.splitByBytes(100_000_000)]) {
          for (const item of items(piece)) item.attributes.set("added", 1n);
        }
        expect(batch.encode()).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });

  test("limits below one are refused", () => {
    const batch: Batch = decode(signal, new Uint8Array(0));
    expect(() => batch.splitByCount(0)).toThrow("at most 0 items");
    expect(() => batch.splitByBytes(Number.NaN)).toThrow("at most NaN bytes");
    expect(batch.splitByBytes(1)).toEqual([]);
  });
});

function chunks(count: number, size: number): number[] {
  const full = Array.from({ length: Math.floor(count / size) }, () => size);
  return count % size === 0 ? full : [...full, count % size];
}

/** The piece behind `before` as it would be with one item more. */
function joined(batch: Batch, count: number, before: readonly Batch[]): Batch {
  const skipped = before.reduce((sum, piece) => sum + piece.count, 0);
  const rest = batch.fork();
  let at = 0;
  for (const item of items(rest)) {
    if (at < skipped || at > skipped + count) item.drop("elsewhere");
    at++;
  }
  // Messages without items are left out of pieces.
  return rest.splitByCount(count + 1)[0] ?? rest;
}
