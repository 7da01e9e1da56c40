import type { IncomingMessage } from "node:http";
import type { Clock } from "@dbintel/pipeline";
import { badRequest, tooLarge, unavailable } from "../failure.ts";
import type { Lease } from "../in-flight.ts";
import { decompress } from "./decompression.ts";
import type { Compression } from "./media-type.ts";

interface BodyOptions {
  readonly compression: Compression;
  /** The largest body, before and after decompression. */
  readonly limitBytes: number;
  /** How long the sender may take; 0 for ever. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly lease: Lease;
}

/**
 * Reads the body of a request and decompresses it, never keeping more than the limit. Throws the answer: 413, 503
 * (too slow, or no budget left), 400 (not of its format, or cut off).
 */
export async function readBody(request: IncomingMessage, options: BodyOptions): Promise<Buffer> {
  const sent = await receive(request, options);
  const { compression, limitBytes, lease } = options;
  if (compression === "identity" || sent.length === 0) return sent;
  const body = await decompress(sent, { format: compression, limitBytes, lease });
  lease.giveBack(sent.length);
  return body;
}

function receive(request: IncomingMessage, { limitBytes, timeoutMs, clock, lease }: BodyOptions): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  // Chunks are kept and joined once: a buffer of the announced length measures the same, and a sender that announces
  // much and sends little would make it cheap to fill memory.
  const chunks: Buffer[] = [];
  let length = 0;

  const timer = timeoutMs === 0 ? undefined : clock.schedule(timeoutMs, onTimeout);
  request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);

  function onData(chunk: Buffer): void {
    try {
      length += chunk.length;
      if (length > limitBytes) throw tooLarge(limitBytes);
      lease.take(chunk.length);
      chunks.push(chunk);
    } catch (failure) {
      settle(() => reject(failure));
    }
  }
  function onEnd(): void {
    const [first] = chunks;
    settle(() => resolve(first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, length)));
  }
  function onClose(): void {
    settle(() => reject(badRequest("the connection was closed in the middle of the body")));
  }
  function onTimeout(): void {
    // Not 408: senders must not repeat a request that was answered 408 (OTLP 1.11), and a slow network is no reason
    // to lose data.
    settle(() => reject(unavailable(`the body did not arrive within ${timeoutMs} ms, the limit of read_timeout`)));
  }
  function settle(answer: () => void): void {
    timer?.cancel();
    request.off("data", onData).off("end", onEnd).off("close", onClose);
    answer();
  }
  return promise;
}
