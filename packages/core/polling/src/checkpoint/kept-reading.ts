import type { Host } from "@dbintel/pipeline";
import { z } from "zod";
import type { Baseline } from "./checkpoint.ts";
import { JsonForm } from "./json-form.ts";
import { type ReadingOrigin, Resumption } from "./resumption.ts";

/** An integer of any size, which JSON has as a string. */
export const exactInteger = z.codec(z.string().regex(/^-?\d{1,39}$/), z.bigint(), { decode: BigInt, encode: String });

const writtenOrigin = z.object({ identity: z.string().optional(), clockMicros: exactInteger });

interface Kept<State> {
  readonly origin: z.output<typeof writtenOrigin>;
  readonly state: State;
}

/** What a poll has read last, as a value that a schema describes: kept over a restart as JSON. */
export class KeptReading<State> implements Baseline {
  readonly #form: JsonForm<Kept<State>>;
  readonly #resumption: Resumption;
  #last: Kept<State> | undefined;

  constructor(args: {
    readonly host: Pick<Host, "logger">;
    /** Names the poll and the version of `schema`: another one is not read. */
    readonly form: string;
    /** Encodes to what JSON has. */
    readonly schema: z.ZodType<State>;
    /** What was read longer ago by an earlier process is not compared with. */
    readonly maxAgeMs: number;
  }) {
    this.#form = new JsonForm(args.form, z.object({ origin: writtenOrigin, state: args.schema }));
    this.#resumption = new Resumption(args);
  }

  /**
   * What the next reading is compared with; `undefined` for the first one. Where it comes from is asked for only while
   * what is known is that of an earlier process: of another server, or too old, it is forgotten.
   */
  async before(origin: () => Promise<ReadingOrigin>): Promise<State | undefined> {
    if (this.#resumption.pending && !this.#resumption.accepts(await origin(), true)) this.forget();
    return this.#last?.state;
  }

  /** When the last reading was made, by the server's clock. */
  get clockMicros(): bigint | undefined {
    return this.#last?.origin.clockMicros;
  }

  /** The next reading is compared with this one. */
  keep({ identity, clockMicros }: ReadingOrigin, state: State): void {
    this.#last = { origin: { identity, clockMicros }, state };
  }

  take(): Uint8Array | undefined {
    return this.#last && this.#form.encode(this.#last);
  }

  restore(bytes: Uint8Array, poll?: string): boolean {
    const last = this.#form.decode(bytes);
    if (last === undefined) return false;
    this.#last = last;
    const { identity, clockMicros } = last.origin;
    this.#resumption.restored({ identity, clockMicros }, poll);
    return true;
  }

  forget(): void {
    this.#last = undefined;
  }
}
