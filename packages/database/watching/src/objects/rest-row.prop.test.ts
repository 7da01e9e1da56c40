import fc from "fast-check";
import { expect, it } from "vitest";
import { integer, type Row } from "../row.ts";
import { RestRow } from "./rest-row.ts";

/** What happens between two looks: rows written by relation, which of them are reported alone, which is dropped. */
const look = fc.record({
  written: fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 }),
  alone: fc.uniqueArray(fc.nat(5), { maxLength: 5 }),
  dropped: fc.option(fc.nat(5), { freq: 8, nil: undefined }),
});

function row(oid: bigint | null, ins: number): Row {
  return { oid, start: 7n, ins: BigInt(ins), aggregate: oid === null ? "other" : null };
}

it("counts with the relations that are reported alone all that was written, nothing of it twice", () => {
  fc.assert(
    fc.property(fc.array(look, { minLength: 2, maxLength: 12 }), (looks) => {
      const rest = new RestRow({ counters: ["ins"], key: "oid" });
      const counters = new Map(Array.from({ length: 6 }, (_, oid) => [oid, 0]));
      let expected = 0;
      let lost = 0;
      let before: ReadonlySet<number> = new Set();
      for (const [index, { written, alone, dropped }] of looks.entries()) {
        const single = new Set(alone);
        for (const [oid, value] of counters) {
          const more = written[oid] ?? 0;
          counters.set(oid, value + more);
          if (index > 0 && !(before.has(oid) && single.has(oid))) expected += more;
        }
        if (dropped !== undefined) {
          // What the rest counts less by at most: all of a relation that nobody saw alone, gone with its statistics.
          lost += counters.get(dropped) ?? 0;
          counters.delete(dropped);
          single.delete(dropped);
        }
        const rows = [...counters].map(([oid, value]) => ({ oid, value }));
        const others = rows.filter(({ oid }) => !single.has(oid)).reduce((sum, { value }) => sum + value, 0);
        const answer = rest.next({
          single: rows.filter(({ oid }) => single.has(oid)).map(({ oid, value }) => row(BigInt(oid), value)),
          rest: row(null, others),
          clockMicros: 100n + BigInt(index),
          exists: (oid) => counters.has(Number(oid)),
        });
        const counted = Number(integer(answer ?? {}, "ins"));
        expect(counted).toBeLessThanOrEqual(expected);
        expect(counted).toBeGreaterThanOrEqual(expected - lost);
        expect(answer?.start).toBe(100n);
        before = new Set([...single].filter((oid) => counters.has(oid)));
      }
    }),
  );
});

it("goes on from zero when the server's statistics are reset", () => {
  const rest = new RestRow({ counters: ["ins"], key: "oid" });
  const exists = () => true;
  const next = (start: bigint, ins: number) =>
    rest.next({ single: [], rest: { ...row(null, ins), start }, clockMicros: 1n, exists })?.ins;
  expect([next(1n, 1000), next(1n, 1500), next(2n, 30), next(2n, 40)]).toEqual([0n, 500n, 530n, 540n]);
});

it("has no row when every relation is reported alone", () => {
  const rest = new RestRow({ counters: ["ins"], key: "oid" });
  expect(rest.next({ single: [row(1n, 5)], rest: undefined, clockMicros: 1n, exists: () => true })).toBeUndefined();
});
