import type { Host } from "@dbintel/pipeline";
import { z } from "zod";
import type { Baseline } from "./checkpoint.ts";
import { type ReadingOrigin, Resumption } from "./resumption.ts";

/** An integer of any size, which JSON has as a string. */
export const exactInteger = z.codec(z.string().regex(/^-?\d{1,39}$/), z.bigint(), { decode: BigInt, encode: String });

const written = z.object({
  form: z.string(),
  identity: z.string().optional(),
  clockMicros: exactInteger,
  state: z.unknown(),
});

/** What a poll has read last, as a value that a schema describes: kept over a restart as JSON. */
export class KeptReading<State> implements Baseline {
  readonly #form: string;
  readonly #schema: z.ZodType<State>;
  readonly #resumption: Resumption;
  #last: { readonly origin: ReadingOrigin; readonly state: State } | undefined;

  constructor(args: {
    readonly host: Pick<Host, "logger">;
    /** Names the poll and the version of `schema`: another one is not read. */
    readonly form: string;
    /** Encodes to what JSON has. */
    readonly schema: z.ZodType<State>;
    /** What was read longer ago by an earlier process is not compared with. */
    readonly maxAgeMs: number;
  }) {
    this.#form = args.form;
    this.#schema = args.schema;
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
  keep(origin: ReadingOrigin, state: State): void {
    this.#last = { origin, state };
  }

  take(): Uint8Array | undefined {
    if (this.#last === undefined) return undefined;
    const { origin, state } = this.#last;
    return Buffer.from(
      JSON.stringify(written.encode({ form: this.#form, ...origin, state: this.#schema.encode(state) })),
    );
  }

  restore(bytes: Uint8Array): boolean {
    const content = written.safeDecode(parsed(bytes) as z.input<typeof written>);
    if (!content.success || content.data.form !== this.#form) return false;
    const state = this.#schema.safeDecode(content.data.state);
    if (!state.success) return false;
    const { identity, clockMicros } = content.data;
    this.#last = { origin: { identity, clockMicros }, state: state.data };
    this.#resumption.restored({ identity, clockMicros });
    return true;
  }

  forget(): void {
    this.#last = undefined;
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
