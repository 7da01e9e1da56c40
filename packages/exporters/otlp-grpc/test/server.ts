import { once } from "node:events";
import type { Server as NetServer } from "node:net";
import { encodeRpcStatus, type Signal } from "@dbintel/pdata";
import { Metadata, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";

const services: Readonly<Record<Signal, string>> = {
  logs: "opentelemetry.proto.collector.logs.v1.LogsService",
  metrics: "opentelemetry.proto.collector.metrics.v1.MetricsService",
  traces: "opentelemetry.proto.collector.trace.v1.TraceService",
};

/** A call as the server saw it. */
export interface Seen {
  readonly signal: Signal;
  readonly message: Buffer;
  readonly headers: Readonly<Record<string, string | Buffer>>;
}

/** The response of a call that succeeds, or the status of one that does not. */
export type Reply =
  | Uint8Array
  | { readonly code: number; readonly message?: string; readonly retryDelayMs?: number }
  | Promise<Uint8Array>;

const asBytes = (bytes: Buffer) => bytes;

/** An OTLP/gRPC server on a free loopback port, by a library that is not ours. */
export class TestServer implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly cancelled: Seen[] = [];
  /** The name in the client's certificate, of each call that showed one. */
  readonly clients: string[] = [];
  behaviour: (seen: Seen) => Reply = () => new Uint8Array(0);
  port = 0;
  readonly #server: Server;

  constructor(options: { readonly maxMessageBytes?: number } = {}) {
    this.#server = new Server({ "grpc.max_receive_message_length": options.maxMessageBytes ?? -1 });
    for (const signal of ["logs", "metrics", "traces"] as const) {
      const method = {
        path: `/${services[signal]}/Export`,
        ...{ requestStream: false, responseStream: false },
        ...{ requestSerialize: asBytes, requestDeserialize: asBytes },
        ...{ responseSerialize: asBytes, responseDeserialize: asBytes },
      };
      const handler = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) =>
        this.#handle(signal, call, answer);
      this.#server.addService({ Export: method }, { Export: handler });
    }
  }

  static async listen(
    options: { readonly credentials?: ServerCredentials; readonly maxMessageBytes?: number } = {},
  ): Promise<TestServer> {
    const server = new TestServer(options);
    const security = options.credentials ?? ServerCredentials.createInsecure();
    server.port = await new Promise((resolve, reject) => {
      server.#server.bindAsync("127.0.0.1:0", security, (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }

  #handle(signal: Signal, call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void {
    const seen = { signal, message: call.request, headers: call.metadata.getMap() };
    this.seen.push(seen);
    const name = call.getAuthContext().sslPeerCertificate?.subject.CN;
    if (typeof name === "string") this.clients.push(name);
    call.on("cancelled", () => this.cancelled.push(seen));
    const reply = this.behaviour(seen);
    if (reply instanceof Promise) {
      void reply.then((bytes) => answer(null, Buffer.from(bytes)));
      return;
    }
    if (reply instanceof Uint8Array) {
      answer(null, Buffer.from(reply));
      return;
    }
    const { code, message = "", retryDelayMs } = reply;
    const metadata = new Metadata();
    if (retryDelayMs !== undefined) {
      const status = encodeRpcStatus({ code, message, retryDelayMs }, "protobuf");
      metadata.set("grpc-status-details-bin", Buffer.from(status));
    }
    answer({ code, details: message, metadata });
  }
}

/** A server that is none of OTLP/gRPC, on a free loopback port. */
export async function listening(server: NetServer): Promise<AsyncDisposable & { readonly port: number }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}
