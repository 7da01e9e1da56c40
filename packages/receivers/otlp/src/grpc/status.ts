import { encodeRpcStatus } from "@dbintel/pdata";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { Failure, rpcCode } from "../failure.ts";

/** Carries a `google.rpc.Status` with the details that `grpc-status` and `grpc-message` have no room for. */
const detailsTrailer = "grpc-status-details-bin";

/**
 * The status of a call that failed. When it may be repeated the delay goes along as RetryInfo, without which a sender
 * must not repeat what was answered RESOURCE_EXHAUSTED (OTLP 1.11, "OTLP/gRPC Throttling").
 */
export function statusOf(reason: unknown): StatusObject {
  const { rpcCode: code, message, retryAfterMs } = reason instanceof Failure ? reason : internal;
  const metadata = new Metadata();
  if (retryAfterMs !== undefined) {
    const status = encodeRpcStatus({ code, message, retryDelayMs: retryAfterMs }, "protobuf");
    metadata.set(detailsTrailer, Buffer.from(status));
  }
  return { code, details: message, metadata };
}

const internal = new Failure(500, "internal error", { rpcCode: rpcCode.internal });
