/** Answers of OTLP/HTTP and the two encodings of requests and answers. */

/** `protobuf`: application/x-protobuf; `json`: application/json by the rules of OTLP/JSON. */
export type OtlpEncoding = "protobuf" | "json";

/** The content of an `ExportXServiceResponse`; `undefined` partial success means everything was taken. */
export interface ExportResponse {
  readonly partialSuccess?: {
    /** Records, data points or spans that were rejected. */
    readonly rejected: bigint;
    readonly errorMessage: string;
  };
}

/** `google.rpc.Status`, the body of every OTLP/HTTP error. */
export interface RpcStatus {
  /** A gRPC status code, 3 = INVALID_ARGUMENT, 8 = RESOURCE_EXHAUSTED, 14 = UNAVAILABLE … */
  readonly code: number;
  readonly message: string;
  /** When to come back, in milliseconds: a `google.rpc.RetryInfo` in its details, in protobuf only. */
  readonly retryDelayMs?: number;
}
