import type { ConsumeError } from "@dbintel/errors";

/** HTTP answers that are about the sender's rate, whatever was sent. */
const throttled = 429;

/** Whether an error that can pass may be the fault of what was sent. */
export function mayBeOfContent(error: ConsumeError): boolean {
  return error.kind === "retryable" && error.httpStatus !== throttled;
}

/**
 * Tells a request that the destination cannot digest from a destination that is down: only failures count between which
 * the destination has taken something else.
 */
export class Suspicion {
  readonly #tries: number;
  readonly #delivered: () => number;
  #seen: number;
  #failures = 0;

  constructor({ tries, delivered }: { readonly tries: number; readonly delivered: () => number }) {
    this.#tries = tries;
    this.#delivered = delivered;
    this.#seen = delivered();
  }

  /** Notes a failure; true when the request is to blame. */
  failed(error: ConsumeError): boolean {
    const delivered = this.#delivered();
    if (!mayBeOfContent(error) || delivered === this.#seen) return false;
    this.#seen = delivered;
    this.#failures++;
    return this.#failures >= this.#tries;
  }
}
