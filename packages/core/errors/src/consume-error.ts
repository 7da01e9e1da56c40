import type { ErrorCode } from "./codes.ts";
import { DbintelError, isDbintelError } from "./dbintel-error.ts";

/** What every error of a `consume` call may carry. */
export interface ConsumeErrorInit {
  readonly code?: ErrorCode;
  readonly hint?: string;
  readonly cause?: unknown;
  /** The HTTP status that the destination answered, where it spoke HTTP. */
  readonly httpStatus?: number;
}

/**
 * The data will never be taken: sending the same again is useless.
 * Equivalent of `consumererror.NewPermanent` in the OpenTelemetry Collector.
 */
export class PermanentError extends DbintelError {
  override readonly name = "PermanentError";
  readonly kind = "permanent";
  readonly httpStatus: number | undefined;

  constructor(message: string, init: ConsumeErrorInit = {}) {
    super(message, { ...init, code: init.code ?? "DBI_REJECTED", retryable: false });
    this.httpStatus = init.httpStatus;
  }
}

/**
 * The destination could not take the data now; the same data may be sent again, not before `delayMs`.
 * Nobody downstream keeps the data: responsibility stays with the caller.
 */
export class RetryableError extends DbintelError {
  override readonly name = "RetryableError";
  readonly kind = "retryable";
  /** Milliseconds that the destination asked to wait; `undefined` when it did not say. */
  readonly delayMs: number | undefined;
  readonly httpStatus: number | undefined;

  constructor(message: string, init: ConsumeErrorInit & { readonly delayMs?: number | undefined } = {}) {
    super(message, { ...init, code: init.code ?? "DBI_UNAVAILABLE", retryable: true });
    this.delayMs = init.delayMs;
    this.httpStatus = init.httpStatus;
  }
}

/**
 * Back-pressure inside the collector: a queue is full, memory is short, a component stops. The data may be
 * sent again. A listener answers 429 or 503 with `Retry-After`; a poller tries the same batch before its next poll.
 */
export class RefusedError extends DbintelError {
  override readonly name = "RefusedError";
  readonly kind = "refused";
  readonly delayMs: number | undefined;

  constructor(message: string, init: ConsumeErrorInit & { readonly delayMs?: number | undefined } = {}) {
    super(message, { ...init, code: init.code ?? "DBI_REFUSED", retryable: true });
    this.delayMs = init.delayMs;
  }
}

/**
 * Some items were rejected for good and the others were taken; none may be sent again (OTLP 1.11, partial success).
 */
export class PartialError extends DbintelError {
  override readonly name = "PartialError";
  readonly kind = "partial";
  /** How many records, data points or spans were rejected. */
  readonly rejected: number;

  constructor(message: string, init: ConsumeErrorInit & { readonly rejected: number }) {
    super(message, { ...init, code: init.code ?? "DBI_PARTIAL", retryable: false });
    this.rejected = init.rejected;
  }
}

/** The only errors that `consume` rejects with. */
export type ConsumeError = PermanentError | RetryableError | RefusedError | PartialError;

/** True for one of the four errors that `consume` rejects with. */
export function isConsumeError(value: unknown): value is ConsumeError {
  return isDbintelError(value) && "kind" in value;
}

/**
 * The single place where an unknown thing caught from a consumer becomes a typed error.
 * The reason of an aborted signal (`AbortError`, `TimeoutError`) is retryable: nobody has judged the data. What else
 * is not typed counts as a defect: permanent, `DBI_INTERNAL`, with the original as `cause`.
 */
export function toConsumeError(reason: unknown): ConsumeError {
  if (isConsumeError(reason)) return reason;
  if (isDbintelError(reason)) {
    const init = { code: reason.code, cause: reason, ...(reason.hint === undefined ? {} : { hint: reason.hint }) };
    return reason.retryable ? new RetryableError(reason.message, init) : new PermanentError(reason.message, init);
  }
  const message = reason instanceof Error ? reason.message : String(reason);
  if (reason instanceof Error && reason.name === "AbortError") {
    return new RetryableError(message, { code: "DBI_ABORTED", cause: reason });
  }
  if (reason instanceof Error && reason.name === "TimeoutError") {
    return new RetryableError(message, { code: "DBI_TIMEOUT", cause: reason });
  }
  return new PermanentError(message, { code: "DBI_INTERNAL", cause: reason });
}
