import fc from "fast-check";
import { expect, it } from "vitest";
import { type BlockingEdge, blockingForest } from "./blocking-forest.ts";

const session = fc.nat(14).map(String);
const edges = fc.array(fc.record({ blocked: session, blocker: session, seconds: fc.nat(100) }), { maxLength: 40 });

function waiting(all: readonly BlockingEdge[]): ReadonlySet<string> {
  return new Set(all.filter(({ blocked, blocker }) => blocked !== blocker).map(({ blocked }) => blocked));
}

/** Sessions that a session waits for, directly or behind others. */
function above(all: readonly BlockingEdge[], start: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [start];
  for (const name of open) {
    for (const { blocked, blocker } of all) {
      if (blocked !== name || blocker === name || found.has(blocker)) continue;
      found.add(blocker);
      open.push(blocker);
    }
  }
  return found;
}

it("gives each waiting session one root, which it waits for and which waits for nobody outside of its circle", () => {
  fc.assert(
    fc.property(edges, (all) => {
      const { roots, blocked } = blockingForest(all);
      expect(new Set(blocked.keys())).toEqual(waiting(all));
      expect(roots.reduce((sum, root) => sum + root.blockedSessions, 0)).toBe(blocked.size);
      const byName = new Map(roots.map((root) => [root.session, root]));
      for (const [name, { root }] of blocked) expect(root === name || above(all, name).has(root)).toBe(true);
      for (const [name, root] of byName) {
        const ahead = above(all, name);
        expect(root.inCycle).toBe(ahead.has(name));
        for (const other of ahead) expect(above(all, other).has(name)).toBe(true);
      }
    }),
  );
});

it("does not depend on the order of the edges", () => {
  fc.assert(
    fc.property(
      edges.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        expect(blockingForest(shuffled)).toEqual(blockingForest(all));
      },
    ),
  );
});

it("takes a chain of ten thousand sessions", () => {
  const chain = Array.from({ length: 10_000 }, (_, place) => ({
    blocked: String(place + 1),
    blocker: String(place),
    seconds: 1,
  }));
  expect(blockingForest(chain).roots).toMatchObject([{ session: "0", depth: 10_000, blockedSessions: 10_000 }]);
});
