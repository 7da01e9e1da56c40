/** The requests of one protocol whose answers are not on their way yet. */
export class OpenCalls {
  readonly #open = new Set<AbortController>();
  #closing = false;
  #onDrained: (() => void) | undefined;

  /** Whether new requests are refused. */
  get closing(): boolean {
    return this.#closing;
  }

  /** A request has come; `signal` is aborted when nobody waits for its answer any more. */
  begin(): AbortController {
    const controller = new AbortController();
    this.#open.add(controller);
    return controller;
  }

  /** Its answer is on its way, or its sender has left. */
  end(controller: AbortController): void {
    this.#open.delete(controller);
    this.#checkDrained();
  }

  /** Refuses new requests from now on; resolves when those under way are answered. */
  close(): Promise<void> {
    this.#closing = true;
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#checkDrained();
    });
  }

  /** Tells the pipeline that nobody waits any more for the requests under way. */
  abort(reason: unknown): void {
    for (const controller of this.#open) controller.abort(reason);
  }

  #checkDrained(): void {
    if (this.#closing && this.#open.size === 0) this.#onDrained?.();
  }
}
