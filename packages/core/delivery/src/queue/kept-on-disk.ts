import type { Signal } from "@dbintel/pdata";
import type { SharedKey } from "@dbintel/pipeline";

/** Items by signal that an exporter which has stopped left on disk, and that its account still has. */
class Kept {
  readonly #items = new Map<Signal, number>();

  get(signal: Signal): number {
    return this.#items.get(signal) ?? 0;
  }

  set(signal: Signal, items: number): void {
    this.#items.set(signal, items);
  }

  /** For the one that takes them over: they are its own from now on. */
  take(signal: Signal): number {
    const items = this.get(signal);
    this.#items.delete(signal);
    return items;
  }
}

/**
 * What is on disk of each exporter that was stopped: one with changed settings that takes its place in the running
 * collector has the same account, and must not count again what it finds.
 */
export const keptOnDisk: SharedKey<{ of(exporter: string): Kept }> = {
  name: "kept on disk",
  create: () => {
    const exporters = new Map<string, Kept>();
    return {
      of: (exporter) => {
        const kept = exporters.get(exporter) ?? new Kept();
        exporters.set(exporter, kept);
        return kept;
      },
    };
  },
};
