import type { Host } from "./host.ts";

/**
 * State that a component keeps over a restart and can do without: what cannot be read or saved is a warning, and the
 * component works on.
 */
export class Snapshot {
  readonly #host: Host;
  readonly #name: string;
  readonly #loss: string;
  readonly #take: () => Uint8Array;
  readonly #restore: (snapshot: Uint8Array) => boolean;
  /** Whether the last save failed: told once, and not at each save until one works. */
  #failing = false;

  constructor(args: {
    readonly host: Host;
    /** Its name in the component's storage. */
    readonly name: string;
    /** For the warning: what it means that there is none, such as "all breakers begin closed". */
    readonly loss: string;
    readonly take: () => Uint8Array;
    /** False when the snapshot is none that this version understands; then nothing may have changed. */
    readonly restore: (snapshot: Uint8Array) => boolean;
  }) {
    this.#host = args.host;
    this.#name = args.name;
    this.#loss = args.loss;
    this.#take = args.take;
    this.#restore = args.restore;
  }

  /** For `start`. Never rejects. */
  async load(): Promise<void> {
    try {
      const snapshot = await this.#host.storage.load(this.#name);
      if (snapshot === undefined || this.#restore(snapshot)) return;
      this.#host.logger.warn({ snapshot: this.#name }, `the saved state of ${this.#name} is unreadable; ${this.#loss}`);
    } catch (error) {
      this.#host.logger.warn(
        { snapshot: this.#name, error },
        `the saved state of ${this.#name} cannot be read; ${this.#loss}`,
      );
    }
  }

  /** For `stop`, and now and then. Never rejects. */
  async save(): Promise<void> {
    try {
      await this.#host.storage.save(this.#name, this.#take());
      this.#failing = false;
    } catch (error) {
      if (this.#failing) return;
      this.#failing = true;
      const message = `the state of ${this.#name} was not saved; after a restart without it ${this.#loss}`;
      this.#host.logger.warn({ snapshot: this.#name, error }, message);
    }
  }
}
