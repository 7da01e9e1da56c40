import { expect, it } from "vitest";
import { RelationRanking } from "./relation-ranking.ts";

/** Relation number `key` is `key` large, and more active the smaller its number is. */
function relations(count: number, active: ReadonlyMap<number, number> = new Map()) {
  return Array.from({ length: count }, (_, index) => ({
    key: index + 1,
    size: index + 1,
    activity: 10 * (count - index) + (active.get(index + 1) ?? 0),
  }));
}

it("takes all when they are few", () => {
  expect(new RelationRanking<number>().choose(relations(3), 3)).toEqual([1, 2, 3]);
});

it("takes the largest and, of the others, the most active", () => {
  expect(new RelationRanking<number>().choose(relations(100), 4)).toEqual([100, 99, 1, 2]);
});

it("sees at the next look what has become active, however little that is beside all that was before", () => {
  const ranking = new RelationRanking<number>();
  for (let look = 0; look < 20; look++) ranking.choose(relations(100), 4);
  expect(ranking.choose(relations(100, new Map([[50, 5]])), 4)).toEqual([100, 99, 50, 1]);
});

it("does not take a counter that begins anew for a great activity, nor forgets that it is one", () => {
  const ranking = new RelationRanking<number>();
  for (let look = 0; look < 20; look++) ranking.choose(relations(100), 4);
  expect(ranking.choose(relations(100, new Map([[50, -500]])), 4)).toContain(50);
  expect(ranking.size).toBe(100);
});
