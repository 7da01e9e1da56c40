import type { Signal } from "@dbintel/pdata";
import type { ComponentAccounting, LedgerEntry } from "./accounting.ts";

class SignalLedger implements LedgerEntry {
  received = 0;
  refused = 0;
  sent = 0;
  readonly dropped = new Map<string, number>();

  get held(): number {
    let gone = this.refused + this.sent;
    for (const items of this.dropped.values()) gone += items;
    return this.received - gone;
  }
}

/** The one implementation of {@link ComponentAccounting}: plain fields, read when metrics are collected. */
export class Ledger implements ComponentAccounting {
  readonly #signals = new Map<Signal, SignalLedger>();

  received(signal: Signal, items: number): void {
    this.#of(signal).received += items;
  }

  refused(signal: Signal, items: number): void {
    this.#of(signal).refused += items;
  }

  sent(signal: Signal, items: number): void {
    this.#of(signal).sent += items;
  }

  dropped(signal: Signal, items: number, reason: string): void {
    if (items === 0) return;
    const { dropped } = this.#of(signal);
    dropped.set(reason, (dropped.get(reason) ?? 0) + items);
  }

  /** The signals that have an account: those that were asked for or counted. */
  entries(): Iterable<readonly [Signal, LedgerEntry]> {
    return this.#signals.entries();
  }

  /** The account of one signal, opened with zeros when there is none. It follows what is counted later. */
  of(signal: Signal): LedgerEntry {
    return this.#of(signal);
  }

  #of(signal: Signal): SignalLedger {
    let ledger = this.#signals.get(signal);
    if (ledger === undefined) {
      ledger = new SignalLedger();
      this.#signals.set(signal, ledger);
    }
    return ledger;
  }
}
