import { z } from "zod";

/** What tells the form of a value is beside it, so that no other is taken for it. */
const written = z.object({ form: z.string(), value: z.unknown() });

/** A value that a schema describes as bytes of JSON, and back. */
export class JsonForm<T> {
  readonly #name: string;
  readonly #schema: z.ZodType<T>;

  /** `name` says what the value is of and the version of `schema`, which encodes to what JSON has. */
  constructor(name: string, schema: z.ZodType<T>) {
    this.#name = name;
    this.#schema = schema;
  }

  encode(value: T): Uint8Array {
    return Buffer.from(JSON.stringify({ form: this.#name, value: this.#schema.encode(value) }));
  }

  /** `undefined` for bytes of another form, and for damaged ones. */
  decode(bytes: Uint8Array): T | undefined {
    const content = written.safeParse(parsed(bytes));
    if (!content.success || content.data.form !== this.#name) return undefined;
    return this.#schema.safeDecode(content.data.value).data;
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
