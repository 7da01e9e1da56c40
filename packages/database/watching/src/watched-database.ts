import type { DbintelError } from "@dbintel/errors";

/** The database that polls ask, as the guard knows it, and how its errors are to be read. */
export interface WatchedDatabase {
  /** `host:port`. */
  readonly endpoint: string;
  /** The database that is connected to; "" where connections belong to the whole server. */
  readonly database: string;
  /** What the driver, the socket or the server reported, as a problem with a way out of it. */
  explain(error: unknown): DbintelError;
  /** Whether the error is the server's answer to a statement, so that the session goes on. */
  answered(error: unknown): boolean;
}
