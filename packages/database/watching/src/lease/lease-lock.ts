import { DbintelError } from "@dbintel/errors";

/** A lock that a session on the watched server holds and that ends with it. */
export interface LeaseLock {
  /** Which session would be asked, counted from 1; `undefined` when there is none. */
  readonly session: number | undefined;
  /** When that session last answered something that was sent then, on the host's monotonic clock. */
  readonly confirmedMs: number | undefined;
  /**
   * Tries to take the lock, and has the server end the session when nothing was heard of it for `lifetimeMs`, in whole
   * seconds. False when another session has it. Rejects with a problem where a session is none, behind a pooler.
   */
  take(lifetimeMs: number, signal: AbortSignal): Promise<boolean>;
  /** Whether the session that took the lock is there and has it. */
  holds(signal: AbortSignal): Promise<boolean>;
}

/**
 * Of a session whose server tells another number than the connection was told: a pooler may give it to somebody else
 * meanwhile, and the lock with it.
 */
export function poolerBefore(endpoint: string): DbintelError {
  return new DbintelError(`a connection pooler stands before ${endpoint}: no session there can hold a lock`, {
    code: "DBI_DATABASE_POOLER",
    hint: "set endpoint to the server itself, or high_availability.enabled to false; this collector does not poll",
  });
}
