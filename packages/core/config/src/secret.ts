import { inspect } from "node:util";
import { z } from "zod";

const redacted = "[REDACTED]";

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

/** A secret in the configuration: a password, a key, a token. Marked `writeOnly` in the JSON Schema. */
export function secret() {
  return z
    .string()
    .transform((value) => new Secret(value))
    .meta({ writeOnly: true });
}
