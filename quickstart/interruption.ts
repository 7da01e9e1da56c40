/** A signal within this time of the first is the same key press: npm passes on what the terminal has sent already. */
const sameKeyPressMs = 500;

/**
 * Aborts at Ctrl-C, at SIGTERM, when the terminal goes away, and when nobody reads the output any more. Whoever
 * presses Ctrl-C a second time wants the end at once: then `force` is called.
 */
export function onInterruption(force: () => void): AbortController {
  const stop = new AbortController();
  let firstMs: number | undefined;
  const interrupt = () => {
    const nowMs = performance.now();
    if (firstMs !== undefined && nowMs - firstMs > sameKeyPressMs) force();
    firstMs ??= nowMs;
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
  process.stdout.on("error", () => stop.abort());
  return stop;
}
