/** Lets one user at a time have what several share, in the order in which they ask. */
export class Turn {
  #last: Promise<void> = Promise.resolve();
  #users = 0;

  /** Whether somebody has it: who asks now would wait. */
  get taken(): boolean {
    return this.#users > 0;
  }

  /** Runs `work` when all who asked before have finished; rejects with the signal's reason when that comes first. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    this.#users++;
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    this.#last = before.then(() => finished);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      signal.throwIfAborted();
      await Promise.race([before, aborted]);
      return await work();
    } finally {
      signal.removeEventListener("abort", abort);
      this.#users--;
      finish();
    }
  }
}
