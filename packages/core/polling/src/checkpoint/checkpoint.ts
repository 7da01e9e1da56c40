import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import { type Host, Snapshot } from "@dbintel/pipeline";

/** What a poll compares its next reading with. */
export interface Baseline {
  /** As bytes; `undefined` while there is none. */
  take(): Uint8Array | undefined;
  /**
   * Takes over what `take` gave in another process; `poll` is whose it is, for the log. False when this version does not
   * understand it.
   */
  restore(bytes: Uint8Array, poll?: string): boolean;
  /** Makes the next reading the first. */
  forget(): void;
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** Counters are mostly zeros: the fastest level takes most of them away. */
const level = 1;
/** Many times what the largest baseline has; what becomes larger is none. */
const mostBytes = 256 * 1024 * 1024;

/**
 * Keeps the baseline of a poll over a restart. It is saved after each poll that was handed on, beside the polls: one
 * that comes while the last one is being written waits, and only the newest is written then.
 */
export class Checkpoint {
  readonly #host: Host;
  readonly #poll: string;
  readonly #baseline: Baseline;
  readonly #snapshot: Snapshot;
  #packed: Uint8Array = new Uint8Array();
  #saving: Promise<void> | undefined;
  #changed = false;

  /** `name` is the poll's, in storage and in the log. */
  constructor(args: { readonly host: Host; readonly name: string; readonly baseline: Baseline }) {
    this.#host = args.host;
    this.#poll = args.name;
    this.#baseline = args.baseline;
    this.#snapshot = new Snapshot({
      host: args.host,
      name: args.name,
      loss: "the first poll only remembers what it reads",
      take: () => this.#packed,
      restore: (bytes) => {
        this.#packed = bytes;
        return true;
      },
    });
  }

  /** For the start. Never rejects. */
  async load(): Promise<void> {
    await this.#snapshot.load();
    if (this.#packed.length === 0) return;
    const bytes = await decompress(this.#packed, { maxOutputLength: mostBytes }).catch(() => undefined);
    this.#packed = new Uint8Array();
    if (bytes !== undefined && this.#baseline.restore(bytes, this.#poll)) return;
    this.#host.logger.warn(
      { poll: this.#poll },
      `the saved checkpoint of ${this.#poll} is of another version or damaged; its first poll only remembers`,
    );
  }

  /** The baseline has moved: saves it, and returns at once. */
  moved(): void {
    if (!this.#host.storage.durable) return;
    this.#changed = true;
    this.#saving ??= this.#saveAll();
  }

  /** Waits until what has moved is saved. Never rejects. */
  async finish(): Promise<void> {
    await this.#saving;
  }

  async #saveAll(): Promise<void> {
    try {
      while (this.#changed) {
        this.#changed = false;
        const bytes = this.#baseline.take();
        if (bytes === undefined) continue;
        this.#packed = await compress(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
        await this.#snapshot.save();
      }
    } catch (error) {
      this.#host.logger.error({ poll: this.#poll, error }, "defect: what a poll remembers cannot be saved");
    } finally {
      this.#packed = new Uint8Array();
      this.#saving = undefined;
    }
  }
}
