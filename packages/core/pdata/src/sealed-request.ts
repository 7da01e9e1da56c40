import type { Signal } from "./api.ts";
import { BatchState } from "./batch-state.ts";

const none: ReadonlyMap<string, number> = new Map();

/**
 * A request that is known to be well formed, and of how many items, without being read: most of what a queue holds is
 * only joined and sent on. It is read when somebody asks for what is in it.
 */
export class SealedRequest {
  readonly count: number;
  readonly edits = undefined;
  readonly dropped = none;
  readonly #signal: Signal;
  readonly #bytes: Uint8Array;
  /** Shared by the forks, which do not edit it. */
  #state: BatchState | undefined;

  constructor(signal: Signal, bytes: Uint8Array, count: number) {
    this.count = count;
    this.#signal = signal;
    this.#bytes = bytes;
  }

  get byteSize(): number {
    return this.#bytes.length;
  }

  encode(): Uint8Array {
    return this.#bytes;
  }

  fork(): SealedRequest {
    return this;
  }

  /** What is in it, to be edited. */
  open(): BatchState {
    this.#state ??= BatchState.decode(this.#signal, this.#bytes);
    return this.#state.fork();
  }
}
