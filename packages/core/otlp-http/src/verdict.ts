import { longestQuotation, parseRetryAfter, quote, type Verdict, verdictOnSuccess } from "@dbintel/delivery";
import { type ConsumeError, PermanentError, RetryableError } from "@dbintel/errors";
import { decodeExportResponse, decodeRpcStatus, type OtlpEncoding, type Signal } from "@dbintel/pdata";
import type { Answer } from "./post.ts";

/** The only statuses after which OTLP allows the same request again. */
const retryableStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const hints: Readonly<Record<number, string>> = {
  400: "the server says that the data is malformed",
  401: "check the key or token that is sent: `headers`, `auth`, or `license_key`",
  403: "check the key that is sent (`headers`, `auth`, or `license_key`), what it may do, and that the endpoint is that of the key's account and region",
  404: "check the path of the endpoint: OTLP/HTTP ends in /v1/logs, /v1/metrics or /v1/traces",
  405: "check the path of the endpoint: OTLP/HTTP ends in /v1/logs, /v1/metrics or /v1/traces",
  413: "set sending_queue.batch.max_size to the server's limit",
  408: "the server did not get the request in time: check the network on the way",
  415: "the server does not take this encoding or compression: see `encoding` and `compression`",
  429: "the server asks to send less: ask for a higher limit, or send less by sampling, filters or `collection_interval`",
  500: "the server failed at the request: its log may say why",
  501: "the server does not take this signal",
  502: "what stands before the server does not reach it: check that the server runs",
  503: "the server is overloaded or starting: when it lasts, see its log",
  504: "what stands before the server got no answer in time: the server is overloaded or down",
};

export interface VerdictOptions {
  readonly answer: Answer;
  readonly signal: Signal;
  /** The URL as messages may show it. */
  readonly label: string;
  /** The encoding of the request, which OTLP prescribes for the answer too. */
  readonly encoding: OtlpEncoding;
  readonly nowUnixNano: bigint;
  /** Texts that a server might repeat in its answer and that no message may hold. */
  readonly secrets: readonly string[];
}

/** Judges an HTTP answer by the rules of OTLP 1.11 (sections OTLP/HTTP Response and Throttling). */
export function verdictOf(options: VerdictOptions): Verdict {
  const { status } = options.answer;
  return status >= 200 && status < 300 ? ofSuccess(options) : { kind: "failed", error: ofFailure(options) };
}

function ofSuccess(options: VerdictOptions): Verdict {
  const { answer, signal, label } = options;
  if (answer.body.length === 0) return { kind: "taken" };
  const response = tryDecode(() => decodeExportResponse(signal, answer.body, encodingOf(options)));
  if (response === undefined) {
    // The status says that the data was taken. Taking the unreadable details for a failure would lose data that
    // arrived (permanent) or deliver it twice (retryable); a person should know that the answer is odd.
    return { kind: "taken", warning: `${label} answered ${answer.status} with a body that is not an OTLP response` };
  }
  return verdictOnSuccess(response, options);
}

function ofFailure(options: VerdictOptions): ConsumeError {
  const { answer, label, nowUnixNano } = options;
  const { status } = answer;
  const said = quote(messageOf(options), options.secrets);
  const message = `${label} answered ${status}${said === "" ? "" : `: ${said}`}`;
  if (retryableStatuses.has(status)) {
    return new RetryableError(message, {
      httpStatus: status,
      ...hintFor(status),
      delayMs: parseRetryAfter(answer.retryAfter, nowUnixNano),
    });
  }
  const redirect = status >= 300 && status < 400 ? { hint: redirectHint(answer, options.secrets) } : undefined;
  return new PermanentError(message, {
    code: status === 413 ? "DBI_TOO_LARGE" : "DBI_REJECTED",
    httpStatus: status,
    ...(redirect ?? hintFor(status)),
  });
}

function hintFor(status: number): { readonly hint?: string } {
  const hint = hints[status];
  return hint === undefined ? {} : { hint };
}

/** Requests carry keys, so none is sent to an address that an answer names. */
function redirectHint(answer: Answer, secrets: readonly string[]): string {
  const { location } = answer;
  const target = location !== undefined && URL.canParse(location) ? new URL(location) : undefined;
  if (target === undefined) return "redirects are not followed: check the endpoint";
  const address = quote(`${target.origin}${target.pathname}`, secrets);
  return `redirects are not followed: if you trust it, set the endpoint to ${address}`;
}

/** The server's own words: a `google.rpc.Status`, else text. */
function messageOf(options: VerdictOptions): string {
  const { body, contentType } = options.answer;
  if (body.length === 0) return "";
  const isText = contentType?.startsWith("text/") === true;
  const status = isText ? undefined : tryDecode(() => decodeRpcStatus(body, encodingOf(options)));
  if (status !== undefined) return status.message;
  return isText || contentType?.startsWith("application/json") === true
    ? body.toString("utf8", 0, 4 * longestQuotation)
    : "";
}

function encodingOf({ answer, encoding }: VerdictOptions): OtlpEncoding {
  if (answer.contentType?.startsWith("application/json") === true) return "json";
  if (answer.contentType?.startsWith("application/x-protobuf") === true) return "protobuf";
  return encoding;
}

function tryDecode<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
