import { SampleMemory } from "@dbintel/watching";
import { expect, it } from "vitest";
import { type ActiveSession, comparedSession } from "./active-session.ts";
import type { LockWait } from "./lock-wait.ts";
import { type Session, sessionOf } from "./session.ts";

function session(changes: Partial<Session> = {}): Session {
  const row = { pid: 7, started: 1_700_000_000_000_000n, query_start: 1n, state: "active" };
  return { ...sessionOf(row), ...changes };
}

function wait(changes: Partial<LockWait> = {}): LockWait {
  const standard = { pid: 7, blockers: [8], mode: "ShareLock", type: "transactionid", relation: "public.orders" };
  return { ...standard, sinceMicros: undefined, elsewhere: undefined, ...changes };
}

function memoryOf({ intervalMs }: { readonly intervalMs: number }): SampleMemory<ActiveSession> {
  return new SampleMemory({ intervalMs, compared: comparedSession });
}

/** Looks at one session again and again; answers with the reasons of its reports, `-` for none. */
function reasonsOf(memory: SampleMemory<ActiveSession>, looks: readonly Partial<ActiveSession>[]): readonly string[] {
  return looks.map((look, index) => {
    const active = { session: session(), wait: undefined, blocks: false, ...look };
    const selection = memory.select([active], BigInt(index));
    memory.recall(selection.next);
    return selection.reported[0]?.reason ?? "-";
  });
}

it("repeats what lasts after ever more looks, up to a minute", () => {
  const looks = Array.from({ length: 20 }, () => ({}));
  const reportedAt = (intervalMs: number) =>
    reasonsOf(memoryOf({ intervalMs }), looks).flatMap((reason, look) => (reason === "-" ? [] : [look]));
  expect(reportedAt(10_000)).toEqual([0, 1, 3, 7, 13, 19]);
  expect(reportedAt(1000)).toEqual([0, 1, 3, 7, 15]);
  expect(reportedAt(120_000)).toEqual(looks.map((_, index) => index));
});

it("reports each change at once, and no other wait", () => {
  const changes: readonly [Partial<ActiveSession>, string][] = [
    [{}, "first"],
    [{}, "lasting"],
    [{ session: session({ waitEventType: "IO", waitEvent: "DataFileRead" }) }, "-"],
    [{ wait: wait() }, "changed"],
    [{ wait: wait({ blockers: [8, 9] }) }, "changed"],
    [{ wait: wait({ blockers: [9, 8] }) }, "lasting"],
    [{ blocks: true }, "changed"],
    [{ session: session({ queryMicros: 2n }) }, "changed"],
    [{ session: session({ queryMicros: 2n, state: "idle" }) }, "changed"],
    [{ session: session({ queryMicros: 2n, state: "idle" }) }, "-"],
  ];
  const memory = memoryOf({ intervalMs: 10_000 });
  expect(
    reasonsOf(
      memory,
      changes.map(([look]) => look),
    ),
  ).toEqual(changes.map(([, reason]) => reason));
});

it("knows since when a session waits for a lock: as the server says, or since it was seen", () => {
  const memory = memoryOf({ intervalMs: 10_000 });
  reasonsOf(memory, [{ wait: wait() }, { wait: wait() }]);
  expect(memory.waitingSince({ session: session(), wait: wait(), blocks: false }, 100n)).toBe(0n);
  expect(memory.waitingSince({ session: session(), wait: wait({ sinceMicros: 50n }), blocks: false }, 100n)).toBe(50n);
  expect(
    memory.waitingSince({ session: session(), wait: wait({ relation: "public.customers" }), blocks: false }, 100n),
  ).toBe(100n);
  expect(memory.waitingSince({ session: session({ queryMicros: 2n }), wait: wait(), blocks: false }, 100n)).toBe(100n);
  // It began after the look at the clock.
  expect(memory.waitingSince({ session: session(), wait: wait({ sinceMicros: 150n }), blocks: false }, 100n)).toBe(
    100n,
  );
});
