import { expect, it } from "vitest";
import { continuity, type StatementEpoch } from "./statement-epoch.ts";

const before: StatementEpoch = {
  clockMicros: 1_000_000_000n,
  uptimeSeconds: 500n,
  identity: "db/1",
  session: 1,
  connectionId: 50n,
  monotonicMs: 10_000,
};

/** A minute later. */
function later(change: Partial<StatementEpoch>): StatementEpoch {
  const seconds = 60n;
  return {
    ...before,
    clockMicros: before.clockMicros + seconds * 1_000_000n,
    uptimeSeconds: before.uptimeSeconds + seconds,
    monotonicMs: before.monotonicMs + 60_000,
    ...change,
  };
}

it.each([
  ["the same session goes on", {}, "continued"],
  ["the same session goes on while the clock is set back", { clockMicros: 5n }, "continued"],
  ["the session was lost, the server was not", { session: 2, connectionId: 90n }, "continued"],
  ["the clock was set forward and the session was lost", { session: 2, clockMicros: 10n ** 16n }, "continued"],
  ["the uptime fell", { session: 2, uptimeSeconds: 20n }, "restarted"],
  ["sessions are counted anew", { session: 2, connectionId: 8n }, "restarted"],
  ["the uptime is shorter than what has passed", { session: 2, uptimeSeconds: 530n, connectionId: 90n }, "restarted"],
  ["another server answers", { session: 2, identity: "db/2" }, "unknown"],
] satisfies [string, Partial<StatementEpoch>, string][])("%s", (_, change, expected) => {
  expect(continuity(before, later(change))).toBe(expected);
});
