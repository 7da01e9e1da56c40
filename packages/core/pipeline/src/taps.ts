import type { Batch } from "@dbintel/pdata";
import type { ComponentView } from "./host.ts";

/** Called with each batch that is handed to a component: it may look at the batch now, and neither change nor keep it. */
export type TapListener = (component: ComponentView, batch: Batch) => void;

/** Who looks on. While nobody does it costs one comparison a batch. */
export class Taps {
  readonly #listeners = new Set<TapListener>();

  add(listener: TapListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What a listener throws is its own business: the data goes on. */
  show(component: ComponentView, batch: Batch): void {
    if (this.#listeners.size === 0) return;
    for (const listener of this.#listeners) {
      try {
        listener(component, batch.fork());
      } catch {
        this.#listeners.delete(listener);
      }
    }
  }
}
