import type { Batch } from "@dbintel/pdata";
import { contentHash } from "../dead-letters/letter.ts";

/** Items that are remembered; one more displaces the oldest. */
const mostItems = 1000;

/**
 * Remembers single items whose retries were exhausted and that wait again behind others: what has failed for all of its
 * retries twice, while others were taken in between, is to blame itself.
 */
export class ExhaustedItems {
  /** By content: what had been delivered by then. */
  readonly #delivered = new Map<string, number>();

  /** Notes an item; true when it is to blame. */
  add(batch: Batch, delivered: number): boolean {
    const key = contentHash(batch.signal, batch.encode());
    const before = this.#delivered.get(key);
    this.#delivered.delete(key);
    if (before !== undefined && delivered > before) return true;
    if (this.#delivered.size >= mostItems) {
      for (const oldest of this.#delivered.keys()) {
        this.#delivered.delete(oldest);
        break;
      }
    }
    this.#delivered.set(key, before ?? delivered);
    return false;
  }
}
