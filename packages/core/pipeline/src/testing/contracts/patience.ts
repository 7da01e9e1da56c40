import { type FakeClock, settle } from "../fake-clock.ts";

/** How long a contract waits for something real, a socket or a file: so long that only what never comes takes it. */
const patienceMs = 60_000;

/** What became of a call. */
export type Outcome = { readonly state: "resolved" } | { readonly state: "rejected"; readonly reason: unknown };

/**
 * Waits for a call of a component that lives on a fake clock. Without I/O, `clock` moves from timer to timer until
 * the call is answered; a component that talks to the outside is waited for in real time, its own time standing still.
 */
export async function outcomeOf(call: Promise<void>, clock?: FakeClock): Promise<Outcome> {
  let outcome: Outcome | undefined;
  call.then(
    () => {
      outcome = { state: "resolved" };
    },
    (reason: unknown) => {
      outcome = { state: "rejected", reason };
    },
  );
  await until(() => outcome !== undefined, "the call was never answered", clock);
  return outcome ?? { state: "resolved" };
}

/** Waits for a condition, a turn of the event loop at a time. */
export async function until(condition: () => boolean, complaint: string, clock?: FakeClock): Promise<void> {
  const deadline = performance.now() + patienceMs;
  await settle();
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(complaint);
    if (clock?.nextTimerMs === undefined) await settle();
    else await clock.advance(clock.nextTimerMs);
  }
}
