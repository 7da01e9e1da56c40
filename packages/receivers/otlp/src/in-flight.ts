import { unavailable } from "./failure.ts";

/** What one request holds of the common budget. */
export interface Lease {
  /** Takes `bytes` more; throws the answer 503 when the budget is spent. */
  take(bytes: number): void;
  /** Gives `bytes` back before the end of the request. */
  giveBack(bytes: number): void;
  /** Gives everything back. Idempotent. */
  release(): void;
}

/** The bound on requests and body bytes that are in memory at a time. */
export class InFlight {
  readonly #maxRequests: number;
  readonly #maxBytes: number;
  #requests = 0;
  #bytes = 0;

  constructor(limits: { readonly maxRequests: number; readonly maxBytes: number }) {
    this.#maxRequests = limits.maxRequests;
    this.#maxBytes = limits.maxBytes;
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Lets a request in; throws the answer 503 when there are too many. */
  enter(): Lease {
    if (this.#requests >= this.#maxRequests) {
      throw unavailable(`${this.#requests} requests are under way, the limit of max_concurrent_requests`);
    }
    this.#requests += 1;
    let held = 0;
    let open = true;
    return {
      take: (bytes) => {
        if (this.#bytes + bytes > this.#maxBytes) {
          throw unavailable(`bodies of ${this.#bytes} bytes are in memory; max_bytes_in_flight is ${this.#maxBytes}`);
        }
        this.#bytes += bytes;
        held += bytes;
      },
      giveBack: (bytes) => {
        this.#bytes -= bytes;
        held -= bytes;
      },
      release: () => {
        if (!open) return;
        open = false;
        this.#requests -= 1;
        this.#bytes -= held;
        held = 0;
      },
    };
  }
}
