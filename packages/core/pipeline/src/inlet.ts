import { type ConsumeError, isConsumeError, toConsumeError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import type { ExitGuard } from "./component.ts";
import type { ConsumeContext, Consumer } from "./consumer.ts";
import type { GraphNode } from "./graph-node.ts";

/**
 * The callee's end of an edge: what every call of a component in the graph goes through.
 *
 * It hands the component a fork, at the end of a pipeline with what its guards leave of it, counts what the component received, gave back and dropped, and lets only typed
 * errors out. An error that is not typed is a defect of the component: it is logged here, once, and becomes a
 * permanent error of this call alone.
 */
export class Inlet implements Consumer {
  readonly node: GraphNode;
  readonly #target: Consumer;
  readonly #guards: readonly ExitGuard[];

  constructor(node: GraphNode, target: Consumer, guards: readonly ExitGuard[]) {
    this.node = node;
    this.#target = target;
    this.#guards = guards;
  }

  async consume(batch: Batch, context: ConsumeContext): Promise<void> {
    const { kind, ledger } = this.node;
    const { signal, count } = batch;
    const own = batch.fork();
    ledger.received(signal, count);
    const failure = await this.#call(own, context);
    if (failure !== undefined && failure.kind !== "partial") {
      ledger.refused(signal, count);
      throw failure;
    }
    for (const [reason, items] of own.dropped) ledger.dropped(signal, items, reason);
    if (failure === undefined) return;
    // On its way up a partial error passes the edges of processors too; the items were lost at the exporter alone.
    if (kind === "exporter") ledger.dropped(signal, Math.min(failure.rejected, own.count), "rejected");
    throw failure;
  }

  async #call(own: Batch, context: ConsumeContext): Promise<ConsumeError | undefined> {
    try {
      for (const guard of this.#guards) guard.guardExit(own);
      if (own.count === 0) return undefined;
      this.node.taps.show(this.node, own);
      await this.#target.consume(own, context);
      return undefined;
    } catch (reason) {
      const failure = toConsumeError(reason);
      if (!isConsumeError(reason) && failure.code === "DBI_INTERNAL") {
        this.node.host.logger.error({ error: reason }, "the component failed on a batch; the batch is given back");
      }
      return failure;
    }
  }
}
