import type { Batch } from "@dbintel/pdata";
import type { Fate } from "./fate.ts";
import type { Outcome } from "./outcome.ts";

/** How many items of a request belong to which call. */
export interface Share {
  readonly receipt: Fate;
  readonly items: number;
}

/** A batch on its way with the calls that its items came from, in the order of the items. */
export interface Request {
  readonly batch: Batch;
  readonly shares: readonly Share[];
}

/**
 * Tells the calls what became of the items.
 *
 * A partial success says how many items were rejected, not which: where several calls share the request, the count is
 * charged to them in order, so that the sum is exact.
 */
export function settleShares(shares: readonly Share[], outcome: Outcome): void {
  let rejected = outcome.kind === "partial" ? outcome.error.rejected : 0;
  for (const { receipt, items } of shares) {
    if (outcome.kind === "failed") {
      receipt.failed(items, outcome.reason, outcome.error);
      continue;
    }
    // A destination that claims to have rejected more than it was sent has rejected all of it.
    const lost = Math.min(rejected, items);
    rejected -= lost;
    if (lost < items) receipt.sent(items - lost);
    if (lost > 0 && outcome.kind === "partial") receipt.rejected(lost, outcome.error);
  }
}

/** Hands out the shares of consecutive pieces of one batch. */
export class ShareCutter {
  readonly #shares: readonly Share[];
  #index = 0;
  #used = 0;

  constructor(shares: readonly Share[]) {
    this.#shares = shares;
  }

  /** The shares of the next `items` items. */
  next(items: number): Share[] {
    const cut: Share[] = [];
    for (let left = items; left > 0; ) {
      const share = this.#shares[this.#index];
      if (share === undefined) return cut;
      const part = Math.min(left, share.items - this.#used);
      cut.push({ receipt: share.receipt, items: part });
      left -= part;
      this.#used += part;
      if (this.#used < share.items) continue;
      this.#index++;
      this.#used = 0;
    }
    return cut;
  }
}
