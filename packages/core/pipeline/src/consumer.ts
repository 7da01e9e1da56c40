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
 * stays with the caller, except for `PartialError`, after which nobody sends again.
 *
 * **A component that is handed a batch owns it**: it may edit it, drop from it, keep it. Each edge of the graph hands
 * its callee a `fork()` (constant time, copy on write), so the caller's batch and the other branches never see an
 * edit, and no component has to remember to fork. What a component drops from the batch that it was handed, before
 * its promise resolves, is counted by the edge from `batch.dropped`; a batch without items is not passed on at all.
 */
export interface Consumer<S extends Signal = Signal> {
  consume(batch: BatchOf[S], context: ConsumeContext): Promise<void>;
}

/** A consumer for each signal that is wired; a missing one means that no pipeline of that signal is there. */
export type Consumers = { readonly [S in Signal]?: Consumer<S> };
