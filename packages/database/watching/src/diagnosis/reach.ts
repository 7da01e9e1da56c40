import { once } from "node:events";
import { connect } from "node:net";
import type { Clock } from "@dbintel/pipeline";

/** An address, or a Unix socket. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

const patienceMs = 5000;

/** Opens a connection and closes it. Resolves with the milliseconds it took; rejects with what the system said. */
export async function reach(
  address: Address,
  args: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<number> {
  const { clock, signal } = args;
  const startedMs = clock.monotonicMs();
  const waiting = new AbortController();
  const timer = clock.schedule(patienceMs, () =>
    waiting.abort(new Error(`nothing answers within ${patienceMs / 1000} s: a firewall drops what is sent there?`)),
  );
  const socket = connect(address);
  const either = AbortSignal.any([signal, waiting.signal]);
  try {
    await once(socket, "connect", { signal: either });
    return clock.monotonicMs() - startedMs;
  } catch (error) {
    throw either.aborted ? either.reason : error;
  } finally {
    timer.cancel();
    socket.on("error", () => {}); // of an attempt that was given up
    socket.destroy();
  }
}
