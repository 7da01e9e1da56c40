import type { ServerResponse } from "node:http";
import {
  type ExportResponse,
  encodeExportResponse,
  encodeRpcStatus,
  type OtlpEncoding,
  type Signal,
} from "@dbintel/pdata";
import type { Failure } from "../failure.ts";
import { contentTypes } from "./media-type.ts";

/** What goes back to the sender. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** 200 with the response of the service, in the encoding of the request. */
export function success(signal: Signal, encoding: OtlpEncoding, response: ExportResponse): Answer {
  return answer(200, encoding, {}, encodeExportResponse(signal, response, encoding));
}

/** Every other status with a `google.rpc.Status`, in the encoding of the request (OTLP 1.11, "Failures"). */
export function failed(failure: Failure, encoding: OtlpEncoding): Answer {
  const body = encodeRpcStatus({ code: failure.rpcCode, message: failure.message }, encoding);
  return answer(failure.status, encoding, failure.headers, body);
}

function answer(status: number, encoding: OtlpEncoding, headers: Answer["headers"], body: Uint8Array): Answer {
  const own = { "content-type": contentTypes[encoding], "content-length": String(body.length) };
  return { status, headers: { ...headers, ...own }, body };
}

/** Writes an answer; does nothing when the connection is gone. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  response.writeHead(status, headers).end(body);
}
