import { toConsumeError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import { mergeBatches } from "@dbintel/pdata";
import type { Clock } from "@dbintel/pipeline";
import type { Fate } from "../request/fate.ts";
import type { Request } from "../request/request.ts";
import { ShareCutter, settleShares } from "../request/request.ts";
import type { BatchSettings } from "./batch-settings.ts";
import { Fifo } from "./fifo.ts";
import type { TakeOptions } from "./queue-entry.ts";

/** A batch out of the queue, and who is to be told what becomes of it. */
export interface Taken {
  readonly batch: Batch;
  readonly receipt: Fate;
}

export interface AssemblerOptions {
  readonly clock: Clock;
  /** Resolves to `undefined` when the queue is closed, or when the signal is aborted before something came. */
  readonly take: (options: TakeOptions) => Promise<Taken | undefined>;
  /** Absent: each batch becomes a request as it is. */
  readonly batch: BatchSettings | undefined;
}

/**
 * Makes requests of the right size out of what waits in the queue: joins small batches up to `min_size` or until
 * `flush_timeout` has passed, and cuts what is larger than `max_size`.
 *
 * Senders pull: while all of them are busy, batches wait in the queue, so that requests grow with the load.
 */
export class Assembler {
  readonly #options: AssemblerOptions;
  readonly #ready = new Fifo<Request>();
  /** The last piece of a cut, when it is smaller than `min_size`: it begins the next request. */
  #rest: Request | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: AssemblerOptions) {
    this.#options = options;
  }

  /** The next request; callers are served one after the other. `undefined` when the queue is closed and empty. */
  next(): Promise<Request | undefined> {
    const result = this.#turn.then(() => this.#ready.shift() ?? this.#assemble());
    this.#turn = result;
    return result;
  }

  async #assemble(): Promise<Request | undefined> {
    const { batch: settings } = this.#options;
    for (;;) {
      const first = this.#rest ?? (await this.#take());
      this.#rest = undefined;
      if (first === undefined || settings === undefined) return first;
      const parts = await this.#gather(first, settings);
      try {
        this.#cut(join(parts), settings);
        return this.#ready.shift();
      } catch (reason) {
        // Only a defect of the lens gets here. The senders live on; the items are accounted for.
        const error = toConsumeError(reason);
        for (const { shares } of parts) settleShares(shares, { kind: "failed", reason: "internal_error", error });
      }
    }
  }

  /** Adds to `first` until there is enough, time is up, or the queue is closed and empty. */
  async #gather(first: Request, settings: BatchSettings): Promise<Request[]> {
    const parts = [first];
    let size = sizeOf(first.batch, settings);
    if (size >= settings.min_size) return parts;
    const deadline = new AbortController();
    const timer = this.#options.clock.schedule(settings.flush_timeout, () => deadline.abort());
    while (size < settings.min_size) {
      const next = await this.#take(deadline.signal);
      if (next === undefined) break;
      parts.push(next);
      size += sizeOf(next.batch, settings);
    }
    timer.cancel();
    return parts;
  }

  /** Cuts a request into pieces of at most `max_size`; a small last piece waits for company. */
  #cut(request: Request, settings: BatchSettings): void {
    const { max_size: max, min_size: min } = settings;
    if (max === 0 || sizeOf(request.batch, settings) <= max) {
      this.#ready.push(request);
      return;
    }
    const { batch } = request;
    const cutter = new ShareCutter(request.shares);
    const pieces: readonly Batch[] = settings.sizer === "bytes" ? batch.splitByBytes(max) : batch.splitByCount(max);
    const requests = pieces.map((piece): Request => ({ batch: piece, shares: cutter.next(piece.count) }));
    const last = requests.at(-1);
    if (requests.length > 1 && last !== undefined && sizeOf(last.batch, settings) < min) this.#rest = requests.pop();
    for (const piece of requests) this.#ready.push(piece);
  }

  async #take(signal?: AbortSignal): Promise<Request | undefined> {
    const taken = await this.#options.take(signal === undefined ? {} : { signal });
    if (taken === undefined) return undefined;
    return { batch: taken.batch, shares: [{ receipt: taken.receipt, items: taken.batch.count }] };
  }
}

function join(parts: readonly Request[]): Request {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return { batch: mergeBatches(parts.map(({ batch }) => batch)), shares: parts.flatMap(({ shares }) => shares) };
}

function sizeOf(batch: Batch, { sizer }: BatchSettings): number {
  return sizer === "bytes" ? batch.byteSize : batch.count;
}
