import { expect, it } from "vitest";
import { ActiveSessionHistory, type ActiveSessions, type SessionProfile } from "./session-history.ts";

const busy: ActiveSessions = {
  database: "shop",
  queryId: "7",
  eventType: "",
  event: "",
  category: "cpu",
  sessions: 1,
};
const locked: ActiveSessions = { ...busy, eventType: "Lock", event: "transactionid", category: "lock_row" };

function sum(averages: Iterable<number>): number {
  return [...averages].reduce((total, average) => total + average, 0);
}

function totalOf({ groups, others }: SessionProfile): number {
  return sum(groups.map(({ averageSessions }) => averageSessions)) + sum(others.values());
}

it("weighs each sample by the time that it stands for", () => {
  const history = new ActiveSessionHistory();
  history.add([{ ...busy, sessions: 4 }], 1);
  history.add([{ ...busy, sessions: 1 }, locked], 3);
  const { groups, seconds, samples } = history.profile(10);
  expect([seconds, samples]).toEqual([4, 2]);
  expect(groups[0]).toMatchObject({ database: "shop", queryId: "7", category: "cpu", averageSessions: 7 / 4 });
  expect(groups[1]?.averageSessions).toBe(3 / 4);
});

it("keeps apart what runs in two databases, has another wait, or an id instead of a fingerprint", () => {
  const history = new ActiveSessionHistory();
  const others = [{ ...busy, database: "crm" }, locked, { ...busy, queryId: undefined, fingerprint: "7" }];
  history.add([busy, ...others, busy], 1);
  expect(history.profile(10).groups.map(({ averageSessions }) => averageSessions)).toEqual([2, 1, 1, 1]);
});

it("sums what exceeds the limit by wait class, and loses nothing", () => {
  const history = new ActiveSessionHistory();
  const queries = Array.from({ length: 6000 }, (_, query) => ({ ...busy, queryId: String(query) }));
  history.add([...queries, { ...locked, sessions: 50 }], 2);
  const profile = history.profile(100);
  expect(profile.groups.length).toBe(100);
  expect([...profile.others.keys()].toSorted()).toEqual(["cpu", "lock"]);
  expect(totalOf(profile)).toBeCloseTo(6050, 6);
  expect(profile.classes.get("cpu")).toBeCloseTo(6000, 6);
  expect(profile.classes.get("lock")).toBeCloseTo(50, 6);
});

it("takes idle sessions for no load, and begins anew after a reset", () => {
  const history = new ActiveSessionHistory();
  history.add([{ ...busy, category: "idle" }], 1);
  expect(history.profile(10)).toMatchObject({ seconds: 1, groups: [] });
  history.add([busy], 1);
  history.reset();
  expect(history.profile(10)).toEqual({
    seconds: 0,
    samples: 0,
    groups: [],
    others: new Map(),
    classes: new Map(),
  });
});
