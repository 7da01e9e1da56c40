import { inspect } from "node:util";
import { z } from "zod";

/** What stands in the place of a secret wherever it is printed. */
export const redacted = "[REDACTED]";

/** A value that never prints: text, JSON and inspection all give `[REDACTED]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one call that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}

/**
 * A secret in the configuration: a password, a key, a token. Marked `writeOnly` in the JSON Schema; printing the
 * effective configuration and every error shows `[REDACTED]` or nothing in its place. `text` is what the value must
 * look like; its messages must not quote the value.
 */
export function secret(text: z.ZodString = z.string()) {
  return text.transform((value) => new Secret(value)).meta({ title: "secret", writeOnly: true });
}
