import type { IncomingMessage, ServerResponse } from "node:http";
import type { ExportResponse, OtlpEncoding, Signal } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import { headerOf } from "@dbintel/pipeline/listen";
import { Failure, rpcCode, tooLarge } from "../failure.ts";
import { FrontDoor } from "../front-door.ts";
import { InFlight } from "../in-flight.ts";
import type { Intake } from "../intake.ts";
import { OpenCalls } from "../open-calls.ts";
import { decodeRequest } from "../request-decoder.ts";
import { type Answer, failed, send, success } from "./answer.ts";
import { compressionOf, contentTypes, encodingOf } from "./media-type.ts";
import { readBody } from "./request-body.ts";
import type { HttpSettings } from "./settings.ts";

/** How long a sender may go on with a body that was answered before its end, so that it can read the answer. */
const lingerMs = 2000;

/** One request with all that belongs to it. */
interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly encoding: OtlpEncoding;
  /** Aborted when the sender leaves, or at the deadline of `stop`. */
  readonly signal: AbortSignal;
}

/**
 * Answers OTLP/HTTP requests: checks, reads, decodes, hands the batch to the pipeline and turns the outcome into a
 * status. Every request that HTTP can parse gets an answer.
 */
export class HttpExchange {
  readonly #host: Host;
  readonly #settings: HttpSettings;
  readonly #door: FrontDoor;
  readonly #intake: Intake;
  readonly #signals: ReadonlyMap<string, Signal>;
  readonly #inFlight: InFlight;
  readonly #countRequest: (status: number) => void;
  readonly #calls = new OpenCalls();

  constructor(args: {
    readonly id: string;
    readonly host: Host;
    readonly settings: HttpSettings;
    readonly intake: Intake;
  }) {
    const { host, settings } = args;
    this.#host = host;
    this.#settings = settings;
    this.#door = new FrontDoor(host, settings.auth);
    this.#intake = args.intake;
    this.#signals = new Map([
      [settings.logs_url_path, "logs"],
      [settings.metrics_url_path, "metrics"],
      [settings.traces_url_path, "traces"],
    ]);
    this.#inFlight = new InFlight({
      maxRequests: settings.max_concurrent_requests,
      maxBytes: settings.max_bytes_in_flight,
    });
    const requests = host.meter.createCounter("otelcol_receiver_requests", {
      description: "Requests that were answered, by outcome.",
      unit: "{request}",
    });
    this.#countRequest = (status) => {
      const outcome = status < 300 ? "success" : status === 429 || status === 503 ? "refused" : "failure";
      requests.add(1, { receiver: args.id, transport: "http", outcome, "http.response.status_code": status });
    };
  }

  /** Refuses new requests from now on; resolves when those under way are answered. */
  close(): Promise<void> {
    return this.#calls.close();
  }

  /** Tells the pipeline that nobody waits any more for the requests under way. */
  abort(reason: unknown): void {
    this.#calls.abort(reason);
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const controller = this.#calls.begin();
    response.once("close", () => {
      if (!response.writableFinished) controller.abort(new Error("the sender closed the connection"));
      this.#calls.end(controller);
    });
    // Without a known content type a person with curl is more likely to read the answer than an OTLP sender.
    const encoding = encodingOf(request.headers["content-type"]) ?? "json";
    const answer = await this.#answer({ request, response, encoding, signal: controller.signal });
    if (this.#calls.closing) response.shouldKeepAlive = false;
    this.#countRequest(answer.status);
    send(response, answer);
    if (!request.complete && !request.destroyed) this.#linger(request);
  }

  async #answer(call: Call): Promise<Answer> {
    const { request, encoding } = call;
    try {
      await this.#door.pass((name) => headerOf(request, name));
      const signal = this.#check(request);
      return success(signal, encoding, await this.#export(signal, call));
    } catch (reason) {
      const failure = reason instanceof Failure ? reason : this.#defect(reason);
      this.#host.logger.debug({ status: failure.status, path: request.url, error: failure.message }, "request failed");
      return failed(failure, encoding);
    }
  }

  /** Everything that can be said before the body is read. */
  #check(request: IncomingMessage): Signal {
    if (this.#calls.closing) {
      throw new Failure(503, "the receiver is stopping", { rpcCode: rpcCode.unavailable, retryAfterMs: 1000 });
    }
    const path = request.url?.split("?", 1)[0] ?? "";
    const signal = this.#signals.get(path);
    if (signal === undefined || !this.#intake.takes(signal)) {
      const message =
        signal === undefined ? `nothing is served at ${path}` : `no ${signal} pipeline uses this receiver`;
      throw new Failure(404, message, { rpcCode: rpcCode.unimplemented });
    }
    if (request.method !== "POST") {
      const init = { rpcCode: rpcCode.unimplemented, headers: { allow: "POST" } };
      throw new Failure(405, `method ${request.method} is not allowed; use POST`, init);
    }
    if (encodingOf(request.headers["content-type"]) === undefined) {
      const supported = Object.values(contentTypes).join(" or ");
      const init = { rpcCode: rpcCode.invalidArgument };
      throw new Failure(415, `the Content-Type is not supported; use ${supported}`, init);
    }
    return signal;
  }

  async #export(signal: Signal, { request, response, encoding, signal: left }: Call): Promise<ExportResponse> {
    const { headers } = request;
    const { max_request_body_size: limitBytes, read_timeout: timeoutMs } = this.#settings;
    const compression = compressionOf(headers["content-encoding"]);
    if (Number(headers["content-length"]) > limitBytes) throw tooLarge(limitBytes);
    const lease = this.#inFlight.enter();
    try {
      if (headers.expect !== undefined) response.writeContinue();
      const { clock } = this.#host;
      const body = await readBody(request, { compression, limitBytes, timeoutMs, clock, lease });
      return await this.#intake.deliver(decodeRequest(signal, encoding, body), left);
    } finally {
      lease.release();
    }
  }

  #defect(reason: unknown): Failure {
    this.#host.logger.error({ error: reason }, "a request could not be handled");
    return new Failure(500, "internal error", { rpcCode: rpcCode.internal });
  }

  /**
   * Reads on after an early answer: a connection that is closed while data is still coming is reset, and the sender
   * may never see why. Who does not end in time is cut off.
   */
  #linger(request: IncomingMessage): void {
    request.resume();
    const timer = this.#host.clock.schedule(lingerMs, () => request.socket.destroy());
    request.once("close", () => timer.cancel());
  }
}
