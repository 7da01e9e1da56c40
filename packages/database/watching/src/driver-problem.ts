import { certificateHint, DbintelError, type ErrorCode } from "@dbintel/errors";

/** What is said of a driver's error: a problem with a way out of it. */
export interface Explanation {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable: boolean;
}

/** The error that tells of an attempt to connect: there is one for each address of the host, and the first is enough. */
export function firstError(error: Error): Error {
  return error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
}

/** What sockets and TLS report alike under every driver; `undefined` for anything else. */
export function transportProblem(report: {
  readonly endpoint: string;
  /** The socket's or the driver's name of the error. */
  readonly code: string;
  readonly message: string;
  /** Whether the driver says in its own words that the certificate is not trusted, or that the connection is lost. */
  readonly untrusted?: boolean;
  readonly lost: boolean;
}): Explanation | undefined {
  const { endpoint, code, message, untrusted = false, lost } = report;
  if (untrusted || /^(ERR_TLS|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|ERR_SSL)/.test(code)) {
    const repair = certificateHint(`${code} ${message}`) ?? "name the certificate authority in tls.ca_file";
    return {
      code: "DBI_DATABASE_UNREACHABLE",
      message: `the certificate of ${endpoint} cannot be verified: ${message}`,
      hint: `${repair}; tls.insecure_skip_verify: true gives up the verification`,
      retryable: false,
    };
  }
  // Names of the system's errors, such as ECONNREFUSED; ER_… are answers of MySQL.
  if (!lost && !/^E(?!R_)[A-Z_]+$/.test(code)) return undefined;
  return {
    code: "DBI_DATABASE_UNREACHABLE",
    message: `no connection to ${endpoint}: ${message}`,
    hint: "check endpoint, that the server runs and listens there, and that no firewall is in between",
    retryable: true,
  };
}

/**
 * The problem by its explanation; without one, that a query has failed. The driver's error stays out: it may carry parts
 * of queries, and the connection's settings may hang on it. Only `numbers` go along, for those who class errors.
 */
export function driverProblem(
  explanation: Explanation | undefined,
  failed: {
    readonly endpoint: string;
    readonly message: string;
    /** What the server calls the error; empty where it is none of the server's. */
    readonly name: string;
    readonly numbers: { readonly code: string; readonly errno?: number };
  },
): DbintelError {
  const { endpoint, message, name, numbers } = failed;
  const known = explanation ?? {
    code: "DBI_DATABASE_QUERY",
    message: `a query failed on ${endpoint}: ${message}${name === "" ? "" : ` (${name})`}`,
    hint: "see the server's log; a query of the collector carries the comment /* dbintel */",
    retryable: true,
  };
  return new DbintelError(known.message, { ...known, ...(numbers.code === "" ? {} : { cause: numbers }) });
}
