import { type Host, Snapshot } from "@dbintel/pipeline";

/**
 * What a part has seen of a server and compares the next look with. Kept over a restart where a storage extension keeps
 * it: read when it is asked for first, saved beside the polls when it has changed.
 */
export class KeptState<State> {
  readonly #snapshot: Snapshot;
  #state: State;
  #loading: Promise<void> | undefined;
  #saving: Promise<void> | undefined;
  #changed = false;

  constructor(args: {
    readonly host: Host;
    /** Its name in the component's storage. */
    readonly name: string;
    /** What it means when it is lost, for a warning. */
    readonly loss: string;
    readonly initial: State;
    /** As JSON has it, and back; `undefined` for what is none of this version. */
    readonly write: (state: State) => unknown;
    readonly read: (value: unknown) => State | undefined;
  }) {
    const { host, name, loss, initial, write, read } = args;
    this.#state = initial;
    this.#snapshot = new Snapshot({
      ...{ host, name, loss },
      take: () => Buffer.from(JSON.stringify(write(this.#state))),
      restore: (bytes) => {
        const state = readJson(bytes, read);
        if (state !== undefined) this.#state = state;
        return state !== undefined;
      },
    });
  }

  async get(): Promise<State> {
    this.#loading ??= this.#snapshot.load();
    await this.#loading;
    return this.#state;
  }

  /** Replaces it, and returns at once. */
  set(state: State): void {
    this.#state = state;
    this.#changed = true;
    this.#saving ??= this.#saveAll();
  }

  /** Waits until what has changed is saved. Never rejects. */
  async close(): Promise<void> {
    await this.#saving;
  }

  async #saveAll(): Promise<void> {
    while (this.#changed) {
      this.#changed = false;
      await this.#snapshot.save();
    }
    this.#saving = undefined;
  }
}

function readJson<State>(bytes: Uint8Array, read: (value: unknown) => State | undefined): State | undefined {
  try {
    return read(JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    return undefined;
  }
}
