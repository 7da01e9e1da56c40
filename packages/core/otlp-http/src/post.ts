import type { Agent, IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { PermanentError } from "@dbintel/errors";
import { isStaleSocket, networkError } from "./network-error.ts";

/** OTLP 1.11: the limit of a response; a larger one is an error that is not tried again. */
export const maxResponseBytes = 4 * 2 ** 20;

export interface PostOptions {
  readonly url: URL;
  /** The URL as messages may show it. */
  readonly label: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly agent: Agent;
  /** Closes the connection. */
  readonly signal: AbortSignal;
}

/** An HTTP answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  readonly body: Buffer;
}

/**
 * One POST over a kept-alive connection. Rejects with a `RetryableError` when there is no complete answer and with a
 * `PermanentError` when the answer is larger than {@link maxResponseBytes}; what the answer means is not decided here.
 *
 * A server may close an idle connection in the very moment when a request goes out on it. That request is sent once
 * more at once, as Go's and every browser's client does.
 */
export async function post(options: PostOptions): Promise<Answer> {
  try {
    return await exchange(options);
  } catch (error) {
    if (!isStaleSocket(error) || options.signal.aborted) throw networkError(error, options.label);
  }
  try {
    return await exchange(options);
  } catch (error) {
    throw networkError(error, options.label);
  }
}

function exchange({ url, label, headers, body, agent, signal }: PostOptions): Promise<Answer> {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, { method: "POST", headers, agent, signal });
    request.on("error", (error) => {
      reject(request.reusedSocket ? Object.assign(error, { reusedSocket: true }) : error);
    });
    request.on("response", (response) => {
      readBody(response, label).then(
        (bytes) => resolve(toAnswer(response, bytes)),
        (error) => {
          response.destroy();
          reject(error);
        },
      );
    });
    request.end(body);
  });
}

async function readBody(response: IncomingMessage, label: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxResponseBytes) {
      throw new PermanentError(`${label} answered with more than ${maxResponseBytes} bytes`, {
        hint: "check that the endpoint is an OTLP endpoint",
        ...(response.statusCode === undefined ? {} : { httpStatus: response.statusCode }),
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function toAnswer(response: IncomingMessage, body: Buffer): Answer {
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers["content-type"],
    retryAfter: response.headers["retry-after"],
    location: response.headers.location,
    body,
  };
}
