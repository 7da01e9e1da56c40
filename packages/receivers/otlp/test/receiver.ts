import { once } from "node:events";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import type { Consumer, Consumers } from "@dbintel/pipeline";
import { createTestHost, type LoggedLine, type TestHost } from "@dbintel/pipeline/testing";
import { otlp } from "../src/component.ts";

type HttpSettings = NonNullable<NonNullable<Parameters<typeof otlp>[0]>["protocols"]["http"]>;

/** A receiver that listens on a port of its own, on a fake clock. */
export interface RunningReceiver extends AsyncDisposable {
  readonly host: TestHost;
  readonly port: number;
  stop(signal?: AbortSignal): Promise<void>;
}

const never = new AbortController().signal;

/** The port that a receiver has told to listen on, most recently. */
export function portOf(lines: readonly LoggedLine[]): number {
  const listening = lines.findLast(({ message }) => message.startsWith("listening for OTLP/"));
  return Number(String(listening?.fields.endpoint).split(":").at(-1));
}

export async function startReceiver(
  next: Consumers,
  settings: HttpSettings = {},
  extensions: ReadonlyMap<string, object> = new Map(),
): Promise<RunningReceiver> {
  const host = createTestHost({ extensions });
  const { definition, config } = otlp({ protocols: { http: { endpoint: "127.0.0.1:0", ...settings } } });
  const receiver = definition.create({ id: "otlp", config, host, next });
  await receiver.start({ signal: never });
  const stop = (signal = never) => receiver.stop({ signal });
  return { host, port: portOf(host.lines), stop, [Symbol.asyncDispose]: () => stop(AbortSignal.abort()) };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Post {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly agent?: Agent;
}

export const protobuf = { "content-type": "application/x-protobuf" };
export const json = { "content-type": "application/json" };

/** Sends a request as a client of `node:http` does; the body's length is announced. */
export async function post(port: number, options: Post = {}): Promise<Reply> {
  const { path = "/v1/logs", method = "POST", headers = protobuf, body = new Uint8Array(0) } = options;
  const agent = options.agent ?? new Agent({ maxSockets: 1 });
  const length = { "content-length": String(Buffer.byteLength(body)) };
  const outgoing = request({ host: "127.0.0.1", port, path, method, agent, headers: { ...length, ...headers } });
  outgoing.end(body);
  const [incoming] = await once(outgoing, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return { status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(chunks) };
}

/** Writes bytes to a raw socket and resolves with everything that came back when the other side closes. */
export async function raw(port: number, ...pieces: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    answer += text;
  });
  const closed = once(socket, "close");
  for (const piece of pieces) socket.write(piece);
  await closed;
  return answer;
}

/** A consumer whose calls end when the test says so. */
export class Gate implements Consumer<"logs"> {
  readonly signals: AbortSignal[] = [];
  readonly #calls: PromiseWithResolvers<void>[] = [];
  readonly #waiters: { readonly count: number; readonly resolve: () => void }[] = [];

  consume(_batch: unknown, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const call = Promise.withResolvers<void>();
    this.signals.push(signal);
    this.#calls.push(call);
    signal.addEventListener("abort", () => call.reject(signal.reason));
    for (const { count, resolve } of this.#waiters) if (this.#calls.length >= count) resolve();
    return call.promise;
  }

  /** Resolves when this many calls have come. */
  arrived(count: number): Promise<void> {
    if (this.#calls.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ count, resolve }));
  }

  /** Lets every call that has come succeed. */
  open(): void {
    for (const { resolve } of this.#calls) resolve();
  }
}
