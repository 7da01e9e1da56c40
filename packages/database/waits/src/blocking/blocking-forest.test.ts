import { expect, it } from "vitest";
import { blockingForest } from "./blocking-forest.ts";

it("finds the root behind a chain", () => {
  const { roots, blocked } = blockingForest([
    { blocked: "3", blocker: "2", seconds: 5, lockMode: "RowExclusiveLock", relation: "orders" },
    { blocked: "2", blocker: "1", seconds: 30, lockMode: "AccessExclusiveLock", relation: "orders" },
    { blocked: "4", blocker: "2", seconds: 3 },
    { blocked: "9", blocker: "8", seconds: 1 },
  ]);
  expect(roots).toEqual([
    {
      session: "1",
      blockedSessions: 3,
      depth: 2,
      blockedSeconds: 38,
      longestSeconds: 30,
      lockModes: ["AccessExclusiveLock", "RowExclusiveLock"],
      relations: ["orders"],
      inCycle: false,
    },
    expect.objectContaining({ session: "8", blockedSessions: 1, depth: 1 }),
  ]);
  expect(blocked.get("4")).toEqual({ root: "1", depth: 2, seconds: 3 });
});

it("counts a session that waits for several once, for the nearest root", () => {
  const { roots, blocked } = blockingForest([
    { blocked: "3", blocker: "2", seconds: 5 },
    { blocked: "3", blocker: "1", seconds: 7 },
    { blocked: "4", blocker: "3", seconds: 1 },
    { blocked: "4", blocker: "2", seconds: 2 },
  ]);
  expect(roots).toMatchObject([
    { session: "1", blockedSessions: 1, blockedSeconds: 7 },
    { session: "2", blockedSessions: 1, blockedSeconds: 2 },
  ]);
  expect(blocked.get("3")).toEqual({ root: "1", depth: 1, seconds: 7 });
});

it("lets the first session stand for a circle, and takes those behind it for its own", () => {
  const { roots, blocked } = blockingForest([
    { blocked: "5", blocker: "6", seconds: 2 },
    { blocked: "6", blocker: "5", seconds: 1 },
    { blocked: "3", blocker: "4", seconds: 4 },
    { blocked: "4", blocker: "3", seconds: 4 },
    // This circle waits for the other, so that it is none by itself.
    { blocked: "3", blocker: "6", seconds: 4 },
  ]);
  expect(roots).toMatchObject([{ session: "5", inCycle: true, blockedSessions: 4, blockedSeconds: 11, depth: 3 }]);
  expect(blocked.get("5")).toEqual({ root: "5", depth: 0, seconds: 2 });
});

it("knows nothing of nothing, and leaves out who seems to block itself", () => {
  expect(blockingForest([])).toEqual({ roots: [], blocked: new Map() });
  expect(blockingForest([{ blocked: "1", blocker: "1", seconds: 1 }]).roots).toEqual([]);
});
