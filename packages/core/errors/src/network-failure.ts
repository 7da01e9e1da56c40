/** Why there was no answer, in words, and what to do about it. */
export interface NetworkFailure {
  readonly text: string;
  readonly hint: string;
}

interface Known {
  /** In the code, or in the words where a library gives no code: of Node, the system, OpenSSL, grpc-js. */
  readonly seen: RegExp;
  readonly hint: string;
}

const authority = "the certificate's authority is not known: set tls.ca_file to its certificate";

/** Why a certificate is not accepted. */
const certificates: readonly Known[] = [
  {
    seen: /ALTNAME|altnames/,
    hint: "the certificate is for another name: use that name in the endpoint, or set tls.server_name_override",
  },
  {
    seen: /CERT_HAS_EXPIRED|certificate has expired/,
    hint: "the server's certificate has expired: it has to be renewed there",
  },
  {
    seen: /CERT_NOT_YET_VALID|certificate is not yet valid/,
    hint: "the server's certificate is not valid yet: check the clock of this machine",
  },
  {
    seen: /DEPTH_ZERO_SELF_SIGNED_CERT|self-signed certificate(?! in)/,
    hint: "the certificate is self-signed: set tls.ca_file to it",
  },
  { seen: /SELF_SIGNED_CERT_IN_CHAIN|self-signed certificate in/, hint: authority },
  { seen: /UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|unable to (?:get .*issuer|verify the first)/, hint: authority },
];

/** The failures that people meet most often; the first that fits counts. */
const known: readonly Known[] = [
  { seen: /ECONNREFUSED/, hint: "nothing listens there: check host and port of the endpoint and that the server runs" },
  {
    seen: /ENOTFOUND|Name resolution failed/,
    hint: "the host name does not resolve: check the endpoint and the name servers",
  },
  { seen: /EAI_AGAIN/, hint: "the name servers do not answer: check the network" },
  { seen: /ETIMEDOUT/, hint: "the host does not answer: check the network and firewalls on the way" },
  { seen: /EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/, hint: "there is no route to the host: check the network" },
  { seen: /EMFILE|ENFILE/, hint: "too many files are open: raise the limit (ulimit -n, LimitNOFILE= of systemd)" },
  {
    seen: /wrong version number|WRONG_VERSION_NUMBER|packet length too long|http request/i,
    hint: "the server does not speak TLS on this port: use http:// in front of the endpoint, or the port that does",
  },
  {
    seen: /no application protocol/i,
    hint: "the server speaks TLS but not HTTP/2, which gRPC needs: check the port, or use the exporter otlp_http",
  },
  {
    seen: /CERTIFICATE_REQUIRED|certificate required|HANDSHAKE_FAILURE|handshake failure/,
    hint: "the server may ask for a certificate of the client: set tls.cert_file and tls.key_file",
  },
  ...certificates,
  { seen: /EPROTO|ERR_SSL/, hint: "the TLS handshake failed: see the log of the server, and the settings `tls`" },
  {
    seen: /HPE_/,
    hint: "what answers is no HTTP server: OTLP/HTTP has port 4318; for gRPC, port 4317, use the exporter otlp_grpc",
  },
  {
    seen: /Protocol error/,
    hint: "what answers is no gRPC server: OTLP/gRPC has port 4317; for HTTP, port 4318, use the exporter otlp_http",
  },
  {
    seen: /ECONNRESET|EPIPE|Failed to connect|Connection dropped/,
    hint: "the server closed the connection: if it wants TLS there, use https:// in front of the endpoint; else its log may say why",
  },
];

const unknown = "check that the destination is up, can be reached and is not overloaded";

/** Explains why a request got no answer. The text is one line, and holds nothing but what the system reports. */
export function networkFailure(error: unknown): NetworkFailure {
  // Where a name has several addresses and none can be reached, Node reports all failures at once.
  const errors = error instanceof AggregateError ? error.errors : [error];
  const text = [...new Set(errors.map(textOf))].join("; ");
  const searched = `${errors.map(networkCode).join(" ")} ${text}`;
  return { text, hint: known.find(({ seen }) => seen.test(searched))?.hint ?? unknown };
}

/** What to do about a certificate that is not accepted, by the code or the words of Node; `undefined` for anything else. */
export function certificateHint(failure: string): string | undefined {
  return certificates.find(({ seen }) => seen.test(failure))?.hint;
}

/** The code of Node, the system or OpenSSL; of the first of several failures. */
export function networkCode(error: unknown): string | undefined {
  if (error instanceof AggregateError) return networkCode(error.errors[0]);
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (
    text
      // 40B7…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl/record/ssl3_record.c:355:
      .replace(/(?:write EPROTO )?[0-9A-F]+:error:[0-9A-F]+:SSL routines:[^:]*:([^:]*):[\s\S]*$/, "TLS: $1")
      // Advice to whoever starts Node.
      .replace(/; if the root CA is installed locally.*$/, "")
      .trim()
  );
}
