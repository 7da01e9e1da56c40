import { expect, it } from "vitest";
import { continuity, type StatementEpoch } from "./statement-epoch.ts";

const before: StatementEpoch = {
  clockMicros: 1_000_000_000n,
  uptimeSeconds: 500n,
  identity: "db/1",
  session: 1,
  connectionId: 50n,
  own: { monotonicMs: 10_000, unixMicros: undefined },
};

const hourSeconds = 3600n;

/** A minute later, after the server's clock was set by so many hours. */
function later(change: Partial<StatementEpoch> = {}, hours = 0n): StatementEpoch {
  const seconds = 60n + hours * hourSeconds;
  return {
    ...before,
    clockMicros: before.clockMicros + seconds * 1_000_000n,
    uptimeSeconds: before.uptimeSeconds + seconds,
    own: { ...before.own, monotonicMs: before.own.monotonicMs + 60_000 },
    ...change,
  };
}

const other = { session: 2, connectionId: 90n };

it.each([
  ["the same session goes on", later(), "continued"],
  ["the same session goes on while the clock is set back", later({}, -2n), "continued"],
  ["the session was lost, the server was not", later(other), "continued"],
  ["the clock was set forward and the session was lost", later(other, 2n), "continued"],
  ["the clock was set back and the session was lost", later(other, -2n), "continued"],
  ["the uptime fell", later({ session: 2, uptimeSeconds: 20n }), "restarted"],
  ["the uptime fell while the clock was set forward", later({ ...other, uptimeSeconds: 20n }, 2n), "restarted"],
  ["sessions are counted anew", later({ session: 2, connectionId: 8n }), "restarted"],
  ["the uptime is shorter than what has passed", later({ ...other, uptimeSeconds: 530n }), "restarted"],
  ["another server answers", later({ session: 2, identity: "db/2" }), "unknown"],
] satisfies [string, StatementEpoch, string][])("%s", (_, now, expected) => {
  expect(continuity(before, now)).toBe(expected);
});
