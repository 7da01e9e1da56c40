import type { Consumers } from "@dbintel/pipeline";
import { createTestHost, type TestHost } from "@dbintel/pipeline/testing";
import type { ChannelOptions } from "@grpc/grpc-js";
import { type ChannelCredentials, Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { otlp } from "../src/component.ts";
import { portOf } from "./receiver.ts";

type GrpcSettings = NonNullable<NonNullable<Parameters<typeof otlp>[0]>["protocols"]["grpc"]>;

const never = new AbortController().signal;
const asBytes = (bytes: Buffer) => bytes;

export const exportLogs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
export const exportMetrics = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/** A receiver that listens for gRPC on a port of its own, on a fake clock. */
export interface GrpcReceiver extends AsyncDisposable {
  readonly host: TestHost;
  readonly port: number;
  stop(signal?: AbortSignal): Promise<void>;
}

export async function startGrpc(
  next: Consumers,
  settings: GrpcSettings = {},
  extensions: ReadonlyMap<string, object> = new Map(),
): Promise<GrpcReceiver> {
  const host = createTestHost({ extensions });
  const { definition, config } = otlp({ protocols: { grpc: { endpoint: "127.0.0.1:0", ...settings } } });
  const receiver = definition.create({ id: "otlp", config, host, next });
  await receiver.start({ signal: never });
  const stop = (signal = never) => receiver.stop({ signal });
  return { host, port: portOf(host.lines), stop, [Symbol.asyncDispose]: () => stop(AbortSignal.abort()) };
}

/** What a call came to. */
export type Outcome =
  | { readonly code: 0; readonly body: Buffer }
  | { readonly code: number; readonly message: string; readonly details: Buffer | undefined };

/** An independent client of gRPC. */
export class Sender implements Disposable {
  readonly #client: Client;

  constructor(port: number, security: ChannelCredentials = credentials.createInsecure(), options: ChannelOptions = {}) {
    this.#client = new Client(`localhost:${port}`, security, options);
  }

  call(
    path: string,
    message: Uint8Array,
    options: {
      readonly deadlineMs?: number;
      /** Aborted when the sender gives the call up. */
      readonly signal?: AbortSignal;
      readonly metadata?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value);
    const deadline = options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs };
    const answered = (error: ServiceError | null, body?: Buffer) => {
      if (error === null) resolve({ code: 0, body: body ?? Buffer.alloc(0) });
      else resolve({ code: error.code, message: error.details, details: detailsOf(error) });
    };
    const bytes = Buffer.from(message);
    const call = this.#client.makeUnaryRequest(path, asBytes, asBytes, bytes, metadata, deadline, answered);
    options.signal?.addEventListener("abort", () => call.cancel());
    return promise;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

function detailsOf({ metadata }: ServiceError): Buffer | undefined {
  const [details] = metadata.get("grpc-status-details-bin");
  return Buffer.isBuffer(details) ? details : undefined;
}
