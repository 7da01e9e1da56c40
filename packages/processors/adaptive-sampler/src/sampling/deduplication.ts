import { LRUCache } from "lru-cache";
import type { Candidates } from "./candidates.ts";

/** Options of a look-up; the cache would make an object for each without them. */
const lookUp = {};

/** A record that stands for those like it. */
interface Representative {
  /** A second hash: two records that share one are not taken for alike. */
  check: number;
  /** When it was seen; duplicates are suppressed for a window from then on. */
  seenMs: number;
  /** The batch that it came in, and its position there. */
  batch: Repeats;
  index: number;
  /** Records suppressed since, that the next one will stand for, and what those stood for themselves. */
  suppressed: number;
  weight: number;
}

/** What one batch changed, so that it can be taken back when the batch is not taken: its sender sends it again. */
export class Repeats {
  readonly #representatives: Representative[] = [];
  readonly #suppressed: number[] = [];
  readonly #weights: number[] = [];

  note(representative: Representative, suppressed: number, weight: number): void {
    this.#representatives.push(representative);
    this.#suppressed.push(suppressed);
    this.#weights.push(weight);
  }

  takeBack(): void {
    for (const [index, representative] of this.#representatives.entries()) {
      representative.suppressed += this.#suppressed[index] as number;
      representative.weight += this.#weights[index] as number;
      if (representative.batch === this) representative.seenMs = Number.NEGATIVE_INFINITY;
    }
  }
}

/**
 * Suppresses records that repeat one of the last window, by hash. The record of the same batch stands for them, else
 * the first one of the next window, so counts are not lost while the record comes back. Bounded; forgets the least
 * recently seen, together with what was suppressed for it.
 */
export class Deduplication {
  readonly #windowMs: number;
  readonly #seen: LRUCache<number, Representative>;

  constructor(args: { readonly windowMs: number; readonly cacheSize: number }) {
    this.#windowMs = args.windowMs;
    this.#seen = new LRUCache({ max: args.cacheSize });
  }

  /**
   * Whether the record at `index` of the candidates is suppressed. Else its multiplicity takes in what it stands for
   * from now on, and `duplicates` how many those are.
   */
  suppresses(args: {
    readonly hash: number;
    readonly check: number;
    readonly index: number;
    readonly candidates: Candidates;
    readonly duplicates: Float64Array;
    readonly repeats: Repeats;
    readonly nowMs: number;
  }): boolean {
    const { hash, check, index, candidates, duplicates, repeats, nowMs } = args;
    const weight = candidates.multiplicities[index] as number;
    const known = this.#seen.get(hash, lookUp);
    if (known === undefined || known.check !== check) {
      const fresh = { check, seenMs: nowMs, batch: repeats, index, suppressed: 0, weight: 0 };
      this.#seen.set(hash, fresh);
      repeats.note(fresh, 0, 0);
      return false;
    }
    if (nowMs - known.seenMs >= this.#windowMs) {
      candidates.multiplicities[index] = weight + known.weight;
      duplicates[index] = known.suppressed;
      repeats.note(known, known.suppressed, known.weight);
      known.seenMs = nowMs;
      known.batch = repeats;
      known.index = index;
      known.suppressed = 0;
      known.weight = 0;
      return false;
    }
    if (known.batch === repeats) {
      candidates.multiplicities[known.index] = (candidates.multiplicities[known.index] as number) + weight;
      duplicates[known.index] = (duplicates[known.index] as number) + 1;
      return true;
    }
    known.suppressed += 1;
    known.weight += weight;
    repeats.note(known, -1, -weight);
    return true;
  }
}
