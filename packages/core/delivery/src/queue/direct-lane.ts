import { RetryableError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import type { ConsumeContext } from "@dbintel/pipeline";
import type { Holdings } from "../holdings.ts";
import { Receipt } from "../request/receipt.ts";
import type { Transmitter } from "../request/transmitter.ts";
import type { Lane } from "./lane.ts";
import { shuttingDown } from "./memory-queue.ts";

/** A lane without a queue: each call waits for the destination, as many at a time as there are callers. */
export class DirectLane implements Lane {
  readonly queue = undefined;
  readonly #holdings: Holdings;
  readonly #transmitter: Transmitter;
  readonly #calls = new Map<AbortController, Promise<void>>();
  #stopping = false;

  constructor(holdings: Holdings, transmitter: Transmitter) {
    this.#holdings = holdings;
    this.#transmitter = transmitter;
  }

  get held(): number {
    return this.#holdings.items;
  }

  async consume(batch: Batch, context: ConsumeContext): Promise<void> {
    if (this.#stopping) throw shuttingDown();
    const items = batch.count;
    if (items === 0) return;
    const receipt = new Receipt({ items, awaited: true, counts: this.#holdings, onSettled: () => {} });
    const controller = new AbortController();
    const onAbort = () => {
      controller.abort(new RetryableError("the caller stopped waiting for the destination", { code: "DBI_ABORTED" }));
    };
    if (context.signal.aborted) onAbort();
    else context.signal.addEventListener("abort", onAbort, { once: true });
    this.#holdings.came(items);
    const { signal } = controller;
    const call = this.#transmitter.transmit({ batch, shares: [{ receipt, items }] }, { signal });
    this.#calls.set(controller, call);
    await call;
    this.#calls.delete(controller);
    context.signal.removeEventListener("abort", onAbort);
    await receipt.settled;
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#stopping = true;
    const onDeadline = () => {
      for (const controller of this.#calls.keys()) controller.abort(shuttingDown());
    };
    if (signal.aborted) onDeadline();
    else signal.addEventListener("abort", onDeadline, { once: true });
    await Promise.all(this.#calls.values());
    signal.removeEventListener("abort", onDeadline);
  }
}
