import type { ComponentKind } from "./component.ts";

/** One record that waits on disk. */
export interface JournalRecord {
  /** Length of its content. */
  readonly bytes: number;
  readonly items: number;
  /** The wall clock when it was appended, by an earlier run perhaps. */
  readonly storedUnixMs: number;
  /** Whether it was given out before and nobody said what became of it: the destination may have it. */
  readonly uncertain: boolean;
}

/** What an earlier run left behind, and what of it cannot be read. */
export interface JournalLosses {
  readonly records: number;
  /** Of those records whose heads can still be read. */
  readonly items: number;
}

/**
 * Records that outlive the process: what a durable queue is made of. Order, capacity and age are the business of
 * whoever uses it.
 */
export interface Journal {
  /** What it occupies on disk now. */
  readonly diskBytes: number;
  /**
   * Resolves when the record is on disk, not merely written. Rejects with a `RefusedError` (`DBI_STORAGE`) when the
   * disk does not take it: full, read-only, broken. The bytes must not change until then.
   */
  append(content: Uint8Array, items: number): Promise<JournalRecord>;
  /** The content of a record that is not finished. Rejects with `DBI_STORAGE` when it can no longer be read. */
  read(record: JournalRecord): Promise<Uint8Array>;
  /** Notes that the record is about to be sent: after a crash it is `uncertain`. Never rejects. */
  begin(record: JournalRecord): Promise<void>;
  /** The record has a final fate and is forgotten. After a loss of power it may come back; after a crash it does not. */
  finish(record: JournalRecord): void;
  /** Resolves when everything is written and every handle closed. Idempotent. */
  close(): Promise<void>;
}

/** Whose journal it is. A component may have several, told apart by `name`. */
export interface JournalOwner {
  readonly kind: ComponentKind;
  readonly id: string;
  readonly name: string;
}

export interface OpenedJournal {
  readonly journal: Journal;
  /** Records that are not finished, oldest first. */
  readonly found: readonly JournalRecord[];
  readonly losses: JournalLosses;
}

/** An extension that keeps journals; `sending_queue.storage` names one. */
export interface JournalProvider {
  /** To be used from `start` on. One at a time for each owner. Rejects with `DBI_STORAGE`. */
  openJournal(owner: JournalOwner, options: { readonly signal: AbortSignal }): Promise<OpenedJournal>;
}

export function isJournalProvider(component: object): component is JournalProvider {
  return "openJournal" in component && typeof component.openJournal === "function";
}
