import type { Host } from "@dbintel/pipeline";

/** Where and when a reading was made. */
export interface ReadingOrigin {
  /** What tells the server from others; `undefined` where it does not say. */
  readonly identity: string | undefined;
  /** The server's clock, microseconds since 1970. */
  readonly clockMicros: bigint;
}

/**
 * A baseline of an earlier process, until the first reading has shown that it may be compared with it. Says in the log
 * what becomes of it.
 */
export class Resumption {
  readonly #host: Pick<Host, "logger">;
  readonly #maxAgeMs: number;
  #saved: ReadingOrigin | undefined;
  #poll = "";

  constructor(args: { readonly host: Pick<Host, "logger">; readonly maxAgeMs: number }) {
    this.#host = args.host;
    this.#maxAgeMs = args.maxAgeMs;
  }

  /** A baseline was taken over; `poll` is whose it is, for the log. */
  restored(origin: ReadingOrigin, poll = "the poll"): void {
    this.#saved = origin;
    this.#poll = poll;
  }

  /** Whether the first reading has not come yet. */
  get pending(): boolean {
    return this.#saved !== undefined;
  }

  /** Whether what was restored, if anything was, may be compared with this reading; `alike` when their forms are the same. */
  accepts(now: ReadingOrigin, alike: boolean): boolean {
    const saved = this.#saved;
    if (saved === undefined) return true;
    this.#saved = undefined;
    const fault = this.#fault(saved, now, alike);
    const at = new Date(Number(saved.clockMicros / 1000n)).toISOString();
    const poll = this.#poll;
    const fields = { poll, last_poll: at };
    if (fault === undefined) {
      this.#host.logger.info(fields, `${poll} goes on from the last poll before the restart, of ${at}`);
      return true;
    }
    this.#host.logger.warn(fields, `the checkpoint of ${poll}, of ${at}, is not used: ${fault}`);
    return false;
  }

  #fault(saved: ReadingOrigin, now: ReadingOrigin, alike: boolean): string | undefined {
    const told = saved.identity !== undefined && now.identity !== undefined;
    if (told && saved.identity !== now.identity) return "another server answers";
    const ageMs = Number(now.clockMicros - saved.clockMicros) / 1000;
    if (ageMs > this.#maxAgeMs) return `it is older than ${this.#maxAgeMs / 1000} s`;
    return alike ? undefined : "the server counts other things now";
  }
}
