import { maxRetryAfterMs, quote, type Verdict, verdictOnSuccess } from "@dbintel/delivery";
import { type ConsumeError, networkFailure, PermanentError, RetryableError } from "@dbintel/errors";
import { decodeExportResponse, decodeRpcStatus, type Signal } from "@dbintel/pdata";
import { status as statusCode } from "@grpc/grpc-js";
import type { Answer } from "./export-client.ts";

export interface VerdictOptions {
  readonly signal: Signal;
  /** The server as messages may show it. */
  readonly label: string;
  /** Texts that a server might repeat in its answer and that no message may hold. */
  readonly secrets: readonly string[];
}

/** Judges the answer to a call by the rules of OTLP 1.11 (sections OTLP/gRPC Response and Throttling). */
export function verdictOf(answer: Answer, options: VerdictOptions): Verdict {
  return answer.code === statusCode.OK
    ? ofSuccess(answer, options)
    : { kind: "failed", error: ofFailure(answer, options) };
}

function ofSuccess({ body }: Answer, { signal, label, secrets }: VerdictOptions): Verdict {
  const response = unlessUnreadable(() => decodeExportResponse(signal, body, "protobuf"));
  // The status says that the data was taken: to send it again would deliver it twice.
  if (response === undefined) return { kind: "taken", warning: `${label} answered with something that is no response` };
  return verdictOnSuccess(response, { label, secrets });
}

/** OTLP 1.11 allows the same request again after these; RESOURCE_EXHAUSTED only with a RetryInfo. */
const retryable: ReadonlySet<number> = new Set([
  statusCode.CANCELLED,
  statusCode.DEADLINE_EXCEEDED,
  statusCode.ABORTED,
  statusCode.OUT_OF_RANGE,
  statusCode.UNAVAILABLE,
  statusCode.DATA_LOSS,
]);

/** What a status means in HTTP, which is what a relay answers its own senders with. */
const httpStatuses: Readonly<Record<number, number>> = {
  [statusCode.INVALID_ARGUMENT]: 400,
  [statusCode.UNAUTHENTICATED]: 401,
  [statusCode.PERMISSION_DENIED]: 403,
  [statusCode.UNIMPLEMENTED]: 404,
  [statusCode.RESOURCE_EXHAUSTED]: 429,
  [statusCode.UNAVAILABLE]: 503,
};

const hints: Readonly<Record<number, string>> = {
  [statusCode.UNKNOWN]: "see the log of the server, and check that what answers at this port is OTLP/gRPC",
  [statusCode.INVALID_ARGUMENT]: "the server says that the data is malformed",
  [statusCode.UNAUTHENTICATED]: "check the key or token that is sent: `headers`, or `auth`",
  [statusCode.PERMISSION_DENIED]: "check the key that is sent (`headers`, or `auth`), and what it may do",
  [statusCode.RESOURCE_EXHAUSTED]:
    "the server asks to send less: ask for a higher limit, or send less by sampling, filters or `collection_interval`",
  [statusCode.UNAVAILABLE]: "the server is overloaded or starting: when it lasts, see its log",
  [statusCode.DEADLINE_EXCEEDED]: "the server or what stands before it is overloaded: see its log",
  [statusCode.INTERNAL]: "the server failed at the request: its log may say why",
  [statusCode.UNIMPLEMENTED]: "the server does not take this signal over OTLP/gRPC: check the endpoint and its port",
};

/**
 * How servers say that a message is larger than they take: gRPC has one status for that and for a rate, and only the
 * words tell them apart. grpc-go, grpc-js, grpc-java, tonic.
 */
const tooLarge = /larger than max|exceeds? (?:the )?max|message (?:length )?too large|too large/i;

/** How the library says that there was no server to answer, and why: all of it UNAVAILABLE. */
const unconnected =
  /^(?:.*Last error: )?(?:Error: )?(.*?)(?: \(\d{4}-\d\d-\d\dT[\d:.]+Z\))?\.? *(?:Resolution note: .*)?$/s;
const isUnconnected = /No connection established|^Name resolution failed|Connection dropped|ECONNRESET/;

function ofFailure(answer: Answer, options: VerdictOptions): ConsumeError {
  const { code, message: words } = answer;
  if (code === statusCode.UNAVAILABLE && isUnconnected.test(words)) {
    const { text, hint } = networkFailure(unconnected.exec(words)?.[1] ?? words);
    const said = quote(text, options.secrets);
    return new RetryableError(`no answer from ${options.label}: ${said}`, { httpStatus: 503, hint });
  }
  return ofStatus(answer, options);
}

function ofStatus({ code, message: words, details }: Answer, { label, secrets }: VerdictOptions): ConsumeError {
  const name = statusCode[code] ?? String(code);
  const said = quote(words, secrets);
  const message = `${label} answered ${name}${said === "" ? "" : `: ${said}`}`;
  const delayMs = delayOf(details);
  const httpStatus = httpStatuses[code];
  const status = httpStatus === undefined ? {} : { httpStatus };
  if (retryable.has(code) || (code === statusCode.RESOURCE_EXHAUSTED && delayMs !== undefined)) {
    return new RetryableError(message, { ...status, delayMs, ...hintFor(code) });
  }
  if (code === statusCode.RESOURCE_EXHAUSTED && tooLarge.test(words)) {
    const hint = "set sending_queue.batch.max_size to the server's limit";
    return new PermanentError(message, { code: "DBI_TOO_LARGE", httpStatus: 413, hint });
  }
  return new PermanentError(message, { ...status, ...hintFor(code) });
}

function hintFor(code: number): { readonly hint?: string } {
  const hint = hints[code];
  return hint === undefined ? {} : { hint };
}

function delayOf(details: Buffer | undefined): number | undefined {
  const status = details && unlessUnreadable(() => decodeRpcStatus(details, "protobuf"));
  return status?.retryDelayMs === undefined ? undefined : Math.min(status.retryDelayMs, maxRetryAfterMs);
}

function unlessUnreadable<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
