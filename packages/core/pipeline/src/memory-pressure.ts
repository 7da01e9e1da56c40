import type { SharedKey } from "./shared.ts";

/**
 * Whether the process is short of memory. Whoever watches the memory says so; whoever would make new data by itself,
 * such as a receiver that polls, waits meanwhile: what was never made need not be refused.
 */
export class MemoryPressure {
  readonly #sources = new Set<object>();
  #relief: PromiseWithResolvers<void> | undefined;

  /** True while one source says so. */
  get high(): boolean {
    return this.#sources.size > 0;
  }

  /** Each source speaks for itself, and says `false` when it stops. */
  report(source: object, high: boolean): void {
    if (high) this.#sources.add(source);
    else this.#sources.delete(source);
    if (this.high) return;
    this.#relief?.resolve();
    this.#relief = undefined;
  }

  /** Resolves when there is none, or `signal` is aborted. */
  relieved(signal: AbortSignal): Promise<void> {
    if (!this.high || signal.aborted) return Promise.resolve();
    this.#relief ??= Promise.withResolvers();
    const relief = this.#relief.promise;
    return new Promise((resolve) => {
      const end = () => {
        signal.removeEventListener("abort", end);
        resolve();
      };
      signal.addEventListener("abort", end, { once: true });
      void relief.then(end);
    });
  }
}

/** That of the collector. */
export const memoryPressure: SharedKey<MemoryPressure> = {
  name: "memory pressure",
  create: () => new MemoryPressure(),
};
