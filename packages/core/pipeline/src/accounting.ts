import type { Signal } from "@dbintel/pdata";

/**
 * The ledger of one component: `received = sent + Σ dropped{reason} + refused + held`, per signal, in records,
 * data points or spans.
 *
 * The edges of the graph count for everybody: `received` when a batch is handed over, `refused` when that call
 * rejects, `sent` when a call to the next one resolves, `dropped` for what was dropped from the batch that was handed
 * over and, with reason `rejected`, for what an exporter's `PartialError` rejected. A component counts only what no
 * edge sees:
 * - a receiver `received` for what came from outside, and `refused` or `dropped` for what it could not pass on;
 * - an exporter `sent` when the outside has taken items, and `dropped` for what it gives up after its `consume`
 *   resolved;
 * - a component that holds `dropped` for what it gives up of that, one that makes new items `received` for them.
 */
export interface ComponentAccounting {
  /** Items that came in. */
  received(signal: Signal, items: number): void;
  /** Items that were given back to the sender by a rejected call; it still has them. */
  refused(signal: Signal, items: number): void;
  /** Items that someone downstream, or the outside, has taken. */
  sent(signal: Signal, items: number): void;
  /** Items given up for good. `reason` is lower_snake_case and from a small fixed set. */
  dropped(signal: Signal, items: number, reason: string): void;
}

/** What a ledger holds for one signal. */
export interface LedgerEntry {
  readonly received: number;
  readonly refused: number;
  readonly sent: number;
  readonly dropped: ReadonlyMap<string, number>;
  /** received − refused − sent − Σ dropped: what the component still has. */
  readonly held: number;
}
