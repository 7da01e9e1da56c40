/** So long that only what never comes takes it, also on a machine whose processors have much else to do. */
const usualDeadlineMs = 60_000;

/** Polls `probe` until it returns something other than `undefined`; rejects with `what` after the deadline. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  options: { readonly deadlineMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const endMs = performance.now() + (options.deadlineMs ?? usualDeadlineMs);
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > endMs) throw new Error(`timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 50));
  }
}
