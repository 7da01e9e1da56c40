import fc from "fast-check";
import { expect, it } from "vitest";
import { integer, type Row } from "../row.ts";
import { keptRest, RestRow } from "./rest-row.ts";

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

it("counts on when a restart moves the start, and nothing of what another server has counted for long", () => {
  const rest = new RestRow({ counters: ["ins", "del"], key: "oid" });
  const exists = () => true;
  const next = (start: bigint, ins: number, del: number) => {
    const all = { ...row(null, ins), del: BigInt(del), start };
    return rest.next({ single: [], rest: all, clockMicros: 100n, exists })?.ins;
  };
  expect([next(50n, 1000, 5), next(100n, 1200, 5), next(20n, 700, 1), next(20n, 750, 1)]).toEqual([
    0n,
    200n,
    200n,
    250n,
  ]);
});

it("goes on after a restart of the collector as if there had been none", () => {
  const looks = [
    [10, 4],
    [30, 9],
    [35, 20],
    [36, 40],
  ] as const;
  const look = (rest: RestRow, [ins, others]: (typeof looks)[number]) => {
    const args = { single: [row(1n, ins)], rest: row(null, others), clockMicros: 100n, exists: () => true };
    return rest.next(args);
  };
  const args = { counters: ["ins"], key: "oid" };
  const steady = new RestRow(args);
  let restarted = new RestRow(args);
  for (const each of looks) {
    const kept = restarted.kept;
    const saved = kept && keptRest.decode(JSON.parse(JSON.stringify(keptRest.encode(kept))));
    restarted = new RestRow({ ...args, kept: saved });
    expect(look(restarted, each)).toEqual(look(steady, each));
  }
  expect(new RestRow({ counters: ["del"], key: "oid", kept: restarted.kept }).kept).toBeUndefined();
});

it("has no row when every relation is reported alone", () => {
  const rest = new RestRow({ counters: ["ins"], key: "oid" });
  expect(rest.next({ single: [row(1n, 5)], rest: undefined, clockMicros: 1n, exists: () => true })).toBeUndefined();
});
