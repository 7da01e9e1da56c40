import type { ConsumeError } from "@dbintel/errors";

/** The limits of an account that an exporter can meet. */
export type ErrorKind = "rate_limit" | "quota" | "cardinality" | "api_key";

const statusKinds: Readonly<Record<number, ErrorKind>> = { 401: "api_key", 403: "api_key", 429: "rate_limit" };
/** Answers of a backend are short; whatever is behind this is not looked at. */
const longestText = 4096;

/** Tells which limit of its account an exporter has met. */
export class ErrorKinds {
  readonly #patterns: readonly (readonly [text: string, kind: ErrorKind])[];

  /** Texts to look for, whatever their case; each tells its kind by itself. */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map((pattern) => [plain(pattern), kindOf(plain(pattern))]);
  }

  /** `undefined` when the error tells of no limit. What the message says counts before its HTTP status. */
  of(error: ConsumeError): ErrorKind | undefined {
    const text = plain(error.message.slice(0, longestText));
    const found = this.#patterns.find(([pattern]) => text.includes(pattern));
    if (found !== undefined) return found[1];
    return "httpStatus" in error && error.httpStatus !== undefined ? statusKinds[error.httpStatus] : undefined;
  }
}

function kindOf(pattern: string): ErrorKind {
  if (/cardinality|series/.test(pattern)) return "cardinality";
  if (pattern.includes("quota")) return "quota";
  return pattern.includes("key") ? "api_key" : "rate_limit";
}

/** "API-Key" and "api_key" are the same text. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_]/g, " ");
}
