import fc from "fast-check";
import { expect, it } from "vitest";
import { type BlockedSeries, BlockedTime } from "./blocked-time.ts";

const increment = fc.record({
  database: fc.constantFrom("shop", "crm"),
  queryId: fc.nat(150).map(String),
  sessions: fc.integer({ min: 1, max: 5 }),
  seconds: fc.nat(100),
});

function all(blocked: BlockedTime): readonly BlockedSeries[] {
  return [...blocked.series.values(), ...(blocked.others === undefined ? [] : [blocked.others])];
}

it("loses nothing, falls nowhere and stays within its bound, whatever blocks", () => {
  fc.assert(
    fc.property(fc.array(fc.array(increment, { maxLength: 150 }), { maxLength: 8 }), (looks) => {
      let blocked = BlockedTime.none;
      let seconds = 0;
      for (const [look, increments] of looks.entries()) {
        const next = blocked.after(increments, BigInt(look));
        seconds += increments.reduce((sum, each) => sum + each.seconds, 0);
        expect(all(next).reduce((sum, each) => sum + each.seconds, 0)).toBe(seconds);
        const waiting = increments.reduce((sum, each) => sum + each.sessions, 0);
        expect(all(next).reduce((sum, each) => sum + each.sessions, 0)).toBe(waiting);
        expect(next.series.size).toBeLessThanOrEqual(100);
        for (const [name, { seconds: counted, sinceMicros }] of blocked.series) {
          const later = next.series.get(name);
          // A counter that gave up its place and came back begins anew, and says so.
          if (later?.sinceMicros === sinceMicros) expect(later.seconds).toBeGreaterThanOrEqual(counted);
        }
        expect(next.others?.seconds ?? 0).toBeGreaterThanOrEqual(blocked.others?.seconds ?? 0);
        blocked = next;
      }
    }),
  );
});
