import { type ConsumeError, isConsumeError, networkCode, networkFailure, RetryableError } from "@dbintel/errors";

/** Whether a request failed because the server had closed the idle connection that it went out on. */
export function isStaleSocket(error: unknown): boolean {
  if (!(error instanceof Error) || !("reusedSocket" in error)) return false;
  const code = networkCode(error);
  return code === "ECONNRESET" || code === "EPIPE";
}

/**
 * No answer: OTLP 1.11 says to try again. Also for TLS, whose repair, a renewed certificate, happens on the other side.
 */
export function networkError(error: unknown, label: string): ConsumeError {
  if (isConsumeError(error)) return error;
  const { text, hint } = networkFailure(error);
  return new RetryableError(`no answer from ${label}: ${text}`, { hint });
}
