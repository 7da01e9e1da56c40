/** Aborted by the first SIGINT or SIGTERM: how one ends a command that would go on. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

/** Takes the signals until it is disposed of; a second one ends the process as usual. */
export function interruption(): Interruption {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once("SIGINT", abort).once("SIGTERM", abort);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void process.off("SIGINT", abort).off("SIGTERM", abort),
  };
}
