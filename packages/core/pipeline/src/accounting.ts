import type { Signal } from "@dbintel/pdata";

/**
 * The ledger of one component: `received = sent + Σ dropped{reason} + refused + held`, per signal, in records,
 * data points or spans.
 *
 * The runner writes `received`, `refused` and `sent` at the edges of the graph, and `dropped` for what a processor
 * dropped from a batch. Only a component at the rim of the graph writes more: a receiver counts what came from
 * outside, an exporter what went out.
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
