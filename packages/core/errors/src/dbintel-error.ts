import type { ErrorCode } from "./codes.ts";

const brand = Symbol.for("dbintel.error");

/** What a {@link DbintelError} is made of beside its message. */
export interface DbintelErrorInit {
  readonly code: ErrorCode;
  /** What the reader can do about it: a sentence, a command or SQL. Never holds a secret. */
  readonly hint?: string;
  /** Whether doing the same again later can succeed. Default `false`. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * The base of every error that leaves a package of the collector.
 *
 * `message` says what happened, `hint` what to do, `code` is stable and documented, `retryable` tells whether
 * the same call can succeed later. Neither message nor hint ever holds a password or a connection string.
 */
export class DbintelError extends Error {
  override readonly name: string = "DbintelError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(message: string, init: DbintelErrorInit) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.hint = init.hint;
    this.retryable = init.retryable ?? false;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a {@link DbintelError}, also when it comes from another copy of this package. */
export function isDbintelError(value: unknown): value is DbintelError {
  return typeof value === "object" && value !== null && brand in value;
}
