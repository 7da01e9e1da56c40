import { encodeExportResponse, type Signal, signals } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import { type Metadata, Server, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { Failure, rpcCode } from "../failure.ts";
import { FrontDoor } from "../front-door.ts";
import { InFlight } from "../in-flight.ts";
import type { Intake } from "../intake.ts";
import { OpenCalls } from "../open-calls.ts";
import { decodeRequest } from "../request-decoder.ts";
import { admission } from "./admission.ts";
import { serveExport } from "./services.ts";
import type { GrpcSettings } from "./settings.ts";
import { statusOf } from "./status.ts";

const mebibyte = 1024 * 1024;

/** Answers OTLP/gRPC calls: decodes, hands the batch to the pipeline and turns the outcome into a status. */
export class GrpcExchange {
  readonly server: Server;
  readonly #host: Host;
  readonly #door: FrontDoor;
  readonly #intake: Intake;
  readonly #calls = new OpenCalls();

  constructor(args: {
    readonly id: string;
    readonly host: Host;
    readonly settings: GrpcSettings;
    readonly intake: Intake;
  }) {
    const { id, host, settings, intake } = args;
    this.#host = host;
    this.#door = new FrontDoor(host, settings.auth);
    this.#intake = intake;
    const requests = host.meter.createCounter("otelcol_receiver_requests", {
      description: "Requests that were answered, by outcome.",
      unit: "{request}",
    });
    const inFlight = new InFlight({
      maxRequests: settings.max_concurrent_requests,
      maxBytes: settings.max_bytes_in_flight,
    });
    this.server = new Server({
      ...channelOptions(settings),
      interceptors: [
        admission({
          inFlight,
          check: (metadata) => this.#check(metadata),
          answered: (code) => {
            const outcome = outcomes.get(code) ?? "failure";
            requests.add(1, { receiver: id, transport: "grpc", outcome, "rpc.grpc.status_code": code });
          },
        }),
      ],
    });
    for (const signal of signals.filter((each) => intake.takes(each))) {
      serveExport(this.server, signal, (call, answer) => void this.#export(signal, call, answer));
    }
  }

  /** Refuses new calls from now on. */
  close(): void {
    void this.#calls.close();
  }

  /** Tells the pipeline that nobody waits any more for the calls under way. */
  abort(reason: unknown): void {
    this.#calls.abort(reason);
  }

  async #check(metadata: Metadata): Promise<void> {
    await this.#door.pass((name) => headerOf(metadata, name));
    if (!this.#calls.closing) return;
    throw new Failure(503, "the receiver is stopping", { rpcCode: rpcCode.unavailable, retryAfterMs: 1000 });
  }

  /** Never rejects. */
  async #export(signal: Signal, call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): Promise<void> {
    const controller = this.#calls.begin();
    call.on("cancelled", () => controller.abort(new Error("the sender gave the call up")));
    try {
      const received = decodeRequest(signal, "protobuf", call.request);
      const response = await this.#intake.deliver(received, controller.signal);
      answer(null, Buffer.from(encodeExportResponse(signal, response, "protobuf")));
    } catch (reason) {
      const status = statusOf(reason);
      if (reason instanceof Failure) {
        this.#host.logger.debug({ code: status.code, error: status.details }, "call failed");
      } else {
        this.#host.logger.error({ error: reason }, "a call could not be handled");
      }
      answer(status);
    } finally {
      this.#calls.end(controller);
    }
  }
}

function headerOf(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return typeof value === "string" ? value : undefined;
}

const outcomes: ReadonlyMap<number, string> = new Map([
  [0, "success"],
  [rpcCode.resourceExhausted, "refused"],
  [rpcCode.unavailable, "refused"],
]);

function channelOptions(settings: GrpcSettings) {
  const { server_parameters: connection } = settings.keepalive;
  const bytes = settings.max_recv_msg_size_mib * mebibyte;
  return {
    "grpc.max_receive_message_length": bytes,
    "grpc.max_concurrent_streams": settings.max_concurrent_streams,
    "grpc.keepalive_time_ms": connection.time,
    "grpc.keepalive_timeout_ms": connection.timeout,
    ...unlessZero("grpc.max_connection_idle_ms", connection.max_connection_idle),
    ...unlessZero("grpc.max_connection_age_ms", connection.max_connection_age),
    ...unlessZero("grpc.max_connection_age_grace_ms", connection.max_connection_age_grace),
  };
}

/** 0 stands for no limit, which is what an absent option means. */
function unlessZero(option: string, milliseconds: number): Readonly<Record<string, number>> {
  return milliseconds === 0 ? {} : { [option]: milliseconds };
}
