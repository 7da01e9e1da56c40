import { pointsOf } from "@dbintel/pipeline/testing";
import type { PollResult } from "@dbintel/polling";
import { expect } from "vitest";
import { eventually } from "./condition.ts";

/** The clock of a server is set to and fro while a session waits there: what it has lost is told by polls. */
export async function expectNoHoursLost(args: {
  /** Sets the server's clock so much away from the machine's. */
  readonly set: (offset: string) => Promise<void>;
  readonly poll: () => Promise<PollResult>;
  /** The longest that the session can have waited really. */
  readonly longestSeconds: number;
}): Promise<void> {
  const { set, poll, longestSeconds } = args;
  let before = await lostSeconds(poll);
  for (const offset of ["+2h", "+0h", "-2h"]) {
    await set(offset);
    const now = await lostSeconds(poll);
    expect(now, offset).toBeGreaterThanOrEqual(before);
    expect(now, offset).toBeLessThan(longestSeconds);
    before = now;
  }
  expect(before).toBeGreaterThan(0);
}

function lostSeconds(poll: () => Promise<PollResult>): Promise<number> {
  return eventually("the wait is told", async () => {
    const points = pointsOf((await poll()).batches);
    const lost = points.filter(({ name, value }) => name === "db.blocking.sessions" && Number(value) > 0);
    if (lost.length === 0) return undefined;
    const times = points.filter(({ name }) => name === "db.blocking.time");
    return times.reduce((sum, { value }) => sum + Number(value), 0);
  });
}
