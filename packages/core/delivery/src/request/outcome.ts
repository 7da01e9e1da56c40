import type { ConsumeError, PartialError, PermanentError } from "@dbintel/errors";

/** Why an exporter gave items up: the values of the label `reason`. */
export const dropReasons = [
  /** The destination rejected them for good. */
  "rejected",
  /** One item alone is larger than the destination takes. */
  "too_large",
  /** The destination failed at them again and again, and took others meanwhile. */
  "poison",
  /** The destination did not take them within `retry_on_failure.max_elapsed_time`. */
  "retries_exhausted",
  /** They waited on disk for longer than `sending_queue.max_age`. */
  "expired",
  /** They were on disk and cannot be read any more. */
  "damaged",
  /** The disk did not take them, and `sending_queue.on_storage_failure` says to go on without them. */
  "storage_failed",
  /** They had not been delivered when shutdown reached its deadline. */
  "shutdown",
  /** A defect of the collector. */
  "internal_error",
] as const;
export type DropReason = (typeof dropReasons)[number];

/** What became of one request after all its attempts. */
export type Outcome =
  | { readonly kind: "sent" }
  | { readonly kind: "partial"; readonly error: PartialError }
  | { readonly kind: "failed"; readonly reason: DropReason; readonly error: ConsumeError };

/** Whether the destination says that the request is too large; halves of it may be taken. */
export function isTooLarge(error: ConsumeError): boolean {
  return error.kind === "permanent" && (error.httpStatus === 413 || error.code === "DBI_TOO_LARGE");
}

/** HTTP answers that say that the configuration is wrong, not the data: no key, no right, no such address. */
const configurationStatuses: ReadonlySet<number | undefined> = new Set([401, 403, 404]);

/** Whether a person has to repair the configuration before the destination takes anything. */
export function isMisconfigured(error: ConsumeError): boolean {
  return error.kind === "permanent" && configurationStatuses.has(error.httpStatus);
}

/** The reason that a permanent error is counted under. */
export function reasonOf(error: PermanentError): DropReason {
  if (isTooLarge(error)) return "too_large";
  return error.code === "DBI_INTERNAL" ? "internal_error" : "rejected";
}
