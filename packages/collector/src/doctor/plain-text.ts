import { Secret } from "@dbintel/config";
import { printable } from "@dbintel/watching";

const longestText = 4000;

/** Makes texts from outside fit to be printed: no secret of the configuration, no character that steers a terminal. */
export class PlainText {
  readonly #secrets: readonly string[];

  /** `settings` are those of every component. */
  constructor(settings: readonly unknown[]) {
    this.#secrets = [...new Set(settings.flatMap(secretsIn))];
  }

  /** One line, and not an endless one. */
  line(text: string): string {
    const line = this.#withoutSecrets(text).replaceAll(/\s+/g, " ").trim();
    return printable(line.length > longestText ? `${line.slice(0, longestText)}…` : line);
  }

  /** Statements: whole, on as many lines as they have. */
  lines(text: string): string {
    return this.#withoutSecrets(text).split("\n").map(printable).join("\n");
  }

  #withoutSecrets(text: string): string {
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, String(new Secret(secret))), text);
  }
}

/** What is so short is no secret, and taking it out would spoil every text. */
const shortestSecret = 6;

function secretsIn(value: unknown): readonly string[] {
  if (value instanceof Secret) return value.reveal().length < shortestSecret ? [] : [value.reveal()];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(secretsIn);
}
