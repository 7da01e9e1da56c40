import type { ConsumeError } from "@dbintel/errors";

/** The codes of `google.rpc.Code` that answers use. */
export const rpcCode = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

interface FailureInit {
  readonly rpcCode: number;
  /** When the sender may try again; only for 429 and 503. */
  readonly retryAfterMs?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The reason for an answer that is no success. Never leaves this package. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** Of an answer over HTTP. */
  readonly status: number;
  /** Of an answer over gRPC, and in the body of one over HTTP. */
  readonly rpcCode: number;
  /** When the sender may try again; `undefined` when it is not to, or nobody knows. */
  readonly retryAfterMs: number | undefined;
  /** Of an answer over HTTP. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, init: FailureInit) {
    super(message);
    this.status = status;
    this.rpcCode = init.rpcCode;
    this.retryAfterMs = init.retryAfterMs;
    const wait = init.retryAfterMs === undefined ? {} : { "retry-after": retryAfterSeconds(init.retryAfterMs) };
    this.headers = { ...init.headers, ...wait };
  }
}

/** `Retry-After` counts whole seconds; less than one would tell the sender not to wait at all. */
function retryAfterSeconds(milliseconds: number): string {
  return String(Math.max(1, Math.ceil(milliseconds / 1000)));
}

const defaultRetryMs = 1000;

/** More work than the receiver takes at a time, or a sender that is too slow: try again. */
export function unavailable(message: string): Failure {
  return new Failure(503, message, { rpcCode: rpcCode.unavailable, retryAfterMs: defaultRetryMs });
}

export function tooLarge(limitBytes: number): Failure {
  return new Failure(413, `the body is larger than ${limitBytes} bytes, the limit of max_request_body_size`, {
    rpcCode: rpcCode.resourceExhausted,
  });
}

export function badRequest(message: string): Failure {
  return new Failure(400, message, { rpcCode: rpcCode.invalidArgument });
}

/**
 * The answer for a batch that the pipeline did not take (OTLP 1.11, "Failures" and "OTLP/HTTP Throttling"; the
 * OpenTelemetry Collector's table for statuses that a destination answered):
 * - refused: 429 where memory or a queue is full, else 503, both with `Retry-After`;
 * - retryable: 429 where the destination throttles, else 503, with `Retry-After` where it said how long;
 * - permanent: 400 when the data is at fault, 401, 403 and 404 as the destination answered, else 500.
 */
export function failureOf(error: Exclude<ConsumeError, { kind: "partial" }>): Failure {
  const { message } = error;
  switch (error.kind) {
    case "refused": {
      const full = error.code === "DBI_MEMORY_LIMIT" || error.code === "DBI_QUEUE_FULL";
      return throttled(full, message, error.delayMs ?? defaultRetryMs);
    }
    case "retryable":
      return throttled(error.httpStatus === 429, message, error.delayMs);
    case "permanent": {
      if (error.code.startsWith("DBI_PDATA_")) return badRequest(message);
      const [status, code] = permanentAnswers[error.httpStatus ?? 0] ?? [500, rpcCode.internal];
      return new Failure(status, message, { rpcCode: code });
    }
  }
}

const permanentAnswers: Readonly<Record<number, readonly [status: number, code: number]>> = {
  400: [400, rpcCode.invalidArgument],
  401: [401, rpcCode.unauthenticated],
  403: [403, rpcCode.permissionDenied],
  404: [404, rpcCode.unimplemented],
};

function throttled(exhausted: boolean, message: string, retryAfterMs: number | undefined): Failure {
  return exhausted
    ? new Failure(429, message, { rpcCode: rpcCode.resourceExhausted, retryAfterMs })
    : new Failure(503, message, { rpcCode: rpcCode.unavailable, retryAfterMs });
}
