import { setTimeout as delay } from "node:timers/promises";

/** An application of an example: what it does again and again, on a session of its own. */
export interface Actor<Session> {
  readonly everyMs: number;
  connect(): Promise<Session>;
  act(session: Session, signal: AbortSignal): Promise<unknown>;
}

/** Runs applications until the signal; resolves when all sessions are closed. */
export async function play<Session extends { end(): Promise<unknown> }>(
  actors: readonly Actor<Session>[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    actors.map(async (actor) => {
      const session = await actor.connect();
      try {
        while (!signal.aborted) {
          await actor.act(session, signal);
          await pause(actor.everyMs, signal);
        }
      } finally {
        await session.end();
      }
    }),
  );
}

/** Ends early at the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<unknown> {
  return delay(ms, undefined, { signal }).catch(() => {});
}
