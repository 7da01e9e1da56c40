import type { BatchOf, Signal } from "@dbintel/pdata";

/** What travels with a batch. */
export interface ConsumeContext {
  /** Aborted when the caller no longer waits for the answer: its deadline passed, its client left, or shutdown. */
  readonly signal: AbortSignal;
}

/**
 * The only verb of the data path.
 *
 * `consume` resolves when the callee has taken responsibility for the batch: it was delivered, or it is held and
 * the holder says so in its accounting. It rejects with a `ConsumeError` of `@dbintel/errors`; then responsibility
 * stays with the caller. The callee never edits the batch that it was handed: it edits a `fork()`.
 */
export interface Consumer<S extends Signal = Signal> {
  consume(batch: BatchOf[S], context: ConsumeContext): Promise<void>;
}

/** A consumer for each signal that is wired; a missing one means that no pipeline of that signal is there. */
export type Consumers = { readonly [S in Signal]?: Consumer<S> };
