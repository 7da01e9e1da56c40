import { type ConsumeError, isConsumeError, RetryableError } from "@dbintel/errors";

/** What to do about the failures that people meet most often, by the code of Node, the system or OpenSSL. */
const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there: check host and port of the endpoint and that the server runs",
  ENOTFOUND: "the host name does not resolve: check the endpoint and the name servers",
  EAI_AGAIN: "the name servers do not answer: check the network",
  ETIMEDOUT: "the host does not answer: check the network and firewalls on the way",
  EHOSTUNREACH: "there is no route to the host: check the network",
  EPROTO: "the TLS handshake failed: a server without TLS needs an endpoint with http://",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS on this port: use http://, or the right port",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the certificate is for another name: use that name in the endpoint, or set tls.server_name_override",
  CERT_HAS_EXPIRED: "the server's certificate has expired: it has to be renewed there",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed: set tls.ca_file to it",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate's authority is not known: set tls.ca_file to its certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate's authority is not known: set tls.ca_file to its certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate's authority is not known: set tls.ca_file to its certificate",
};

/** Whether a request failed because the server had closed the idle connection that it went out on. */
export function isStaleSocket(error: unknown): boolean {
  if (!(error instanceof Error) || !("reusedSocket" in error)) return false;
  return codeOf(error) === "ECONNRESET" || codeOf(error) === "EPIPE";
}

/**
 * No answer: OTLP 1.11 says to try again. Also for TLS, whose repair, a renewed certificate, happens on the other side.
 */
export function networkError(error: unknown, label: string): ConsumeError {
  if (isConsumeError(error)) return error;
  const code = codeOf(error);
  const hint = code === undefined ? undefined : hints[code];
  return new RetryableError(`no answer from ${label}: ${textOf(error)}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

function codeOf(error: unknown): string | undefined {
  // Where a name has several addresses and none can be reached, Node reports all failures at once.
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
