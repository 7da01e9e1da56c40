import type { ConsumeError } from "@dbintel/errors";
import type { Signal } from "@dbintel/pdata";
import type { ComponentAccounting } from "@dbintel/pipeline";
import type { Report } from "./report.ts";
import type { DropReason } from "./request/outcome.ts";
import type { Counts } from "./request/receipt.ts";

/** Counts the items of one signal that an exporter holds, and books where they go. */
export class Holdings implements Counts {
  readonly #signal: Signal;
  readonly #accounting: ComponentAccounting;
  readonly #report: Report;
  #items = 0;

  constructor(signal: Signal, accounting: ComponentAccounting, report: Report) {
    this.#signal = signal;
    this.#accounting = accounting;
    this.#report = report;
  }

  /** Items that came in and have no fate yet. */
  get items(): number {
    return this.#items;
  }

  came(items: number): void {
    this.#items += items;
  }

  sent(items: number): void {
    this.#items -= items;
    this.#accounting.sent(this.#signal, items);
  }

  dropped(items: number, reason: DropReason, error: ConsumeError): void {
    this.#items -= items;
    this.#accounting.dropped(this.#signal, items, reason);
    this.#report.dropped(items, reason, error);
  }

  returned(items: number): void {
    this.#items -= items;
  }

  /** The disk has taken what came. */
  stored(): void {
    this.#report.stored();
  }

  /** The disk does not take what came: it is returned. */
  unstored(items: number, error: ConsumeError): void {
    this.returned(items);
    this.#report.unstored(items, error);
  }
}
