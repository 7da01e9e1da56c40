import { exportMethods, type Signal } from "@dbintel/pdata";
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  Metadata,
  type ServiceError,
  status as statusCode,
} from "@grpc/grpc-js";

/** What a call came to. */
export interface Answer {
  /** A gRPC status code; 0 is success. */
  readonly code: number;
  /** The response; empty unless the call succeeded. */
  readonly body: Buffer;
  /** The server's words, or the library's where there was no server. */
  readonly message: string;
  /** A `google.rpc.Status`, where the server sent one. */
  readonly details: Buffer | undefined;
}

const asBytes = (bytes: Buffer) => bytes;
const nothing = Buffer.alloc(0);

/** The services of OTLP on one server; messages stay bytes. */
export class ExportClient {
  readonly #client: Client;
  #callsUnderWay = 0;
  #retired = false;

  constructor(address: string, security: ChannelCredentials, options: ChannelOptions) {
    this.#client = new Client(address, security, options);
  }

  /** Never rejects: a server that cannot be reached is an answer too, UNAVAILABLE. `ends` cancels the call. */
  export(args: {
    readonly signal: Signal;
    readonly message: Uint8Array;
    readonly headers: Readonly<Record<string, string>>;
    readonly ends: AbortSignal;
  }): Promise<Answer> {
    const { signal, headers, ends } = args;
    const { buffer, byteOffset, byteLength } = args.message;
    const message = Buffer.from(buffer, byteOffset, byteLength);
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve) => {
      const answered = (error: ServiceError | null, body?: Buffer) => {
        ends.removeEventListener("abort", cancel);
        this.#callsUnderWay--;
        if (this.#retired && this.#callsUnderWay === 0) this.close();
        resolve(error === null ? { ...success, body: body ?? nothing } : failure(error));
      };
      this.#callsUnderWay++;
      const call = this.#client.makeUnaryRequest(exportMethods[signal], asBytes, asBytes, message, metadata, answered);
      const cancel = () => call.cancel();
      if (ends.aborted) cancel();
      else ends.addEventListener("abort", cancel, { once: true });
    });
  }

  /** Closes when the last call has its answer: a channel that closes ends those that wait for a connection. */
  retire(): void {
    this.#retired = true;
    if (this.#callsUnderWay === 0) this.close();
  }

  close(): void {
    this.#client.close();
  }
}

const success = { code: statusCode.OK, message: "", details: undefined };

function failure({ code, details: message, metadata }: ServiceError): Answer {
  const [details] = metadata.get("grpc-status-details-bin");
  return { code, body: nothing, message, details: Buffer.isBuffer(details) ? details : undefined };
}
