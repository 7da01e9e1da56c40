import { type Host, Snapshot } from "@dbintel/pipeline";

/**
 * What a part has seen of a server and compares the next look with. Kept over a restart where a storage extension keeps
 * it: read when it is asked for first, saved beside the polls when it has changed.
 */
export class KeptState<State, Written> {
  readonly #snapshot: Snapshot;
  readonly #empty: () => State;
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
    /** Goes up when `Written` changes; what another version has kept is lost. */
    readonly version: number;
    /** As JSON has it, and back. */
    readonly write: (state: State) => Written;
    readonly read: (written: Written) => State;
  }) {
    const { host, name, loss, initial, version, write, read } = args;
    this.#state = initial;
    const empty = JSON.stringify(write(initial));
    this.#empty = () => read(JSON.parse(empty));
    this.#snapshot = new Snapshot({
      ...{ host, name, loss },
      take: () => Buffer.from(JSON.stringify({ version, state: write(this.#state) })),
      restore: (bytes) => {
        const written = readJson<Written>(bytes, version);
        if (written !== undefined) this.#state = read(written);
        return written !== undefined;
      },
    });
  }

  async get(): Promise<State> {
    this.#loading ??= this.#snapshot.load();
    await this.#loading;
    return this.#state;
  }

  /** Begins anew: what was kept is of no use any more. */
  forget(): void {
    this.#loading = Promise.resolve();
    this.#state = this.#empty();
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

/** Only a state of this version carries it. */
function readJson<Written>(bytes: Uint8Array, version: number): Written | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (typeof value !== "object" || value === null || !("version" in value) || value.version !== version) {
      return undefined;
    }
    return "state" in value ? (value.state as Written) : undefined;
  } catch {
    return undefined;
  }
}
