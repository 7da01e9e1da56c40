import { RefusedError } from "@dbintel/errors";

/** Keeps calls waiting while what is behind it is exchanged. */
export class Gate {
  readonly #opening = Promise.withResolvers<void>();

  constructor() {
    // Closing for good with nobody waiting is no error.
    this.#opening.promise.catch(() => {});
  }

  /** Resolves when the gate opens; rejects when it closes for good or the caller no longer waits. */
  pass(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => reject(new RefusedError("nobody waits for the answer any more", { code: "DBI_ABORTED" }));
      if (signal.aborted) {
        leave();
        return;
      }
      signal.addEventListener("abort", leave, { once: true });
      const forget = () => signal.removeEventListener("abort", leave);
      this.#opening.promise.then(resolve, reject).finally(forget);
    });
  }

  open(): void {
    this.#opening.resolve();
  }

  /** Gives back all that waits: the component behind which the gate is will not work. */
  refuse(): void {
    const message = "the component was taken out before it had begun to work";
    this.#opening.reject(new RefusedError(message, { code: "DBI_SHUTTING_DOWN" }));
  }
}
