import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { StringDecoder } from "node:string_decoder";
import { DbintelError } from "@dbintel/errors";
import { systemClock } from "@dbintel/pipeline";
import type { z } from "zod";
import type { Access } from "./access.ts";

/** No answer of a collector, and no record that it shows, is as long. */
const longestCharacters = 32 * 2 ** 20;
/** A collector that does not begin to answer in this time is stopped or hangs. */
const patienceMs = 10_000;

/** Asks the admin endpoint of a collector that runs. Everything rejects with `DBI_ADMIN` that is no answer. */
export class AdminClient {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** The endpoint as messages show it. */
  get label(): string {
    return this.#access.url.origin;
  }

  /** A JSON answer of this form. */
  async json<T>(path: string, schema: z.ZodType<T>, options: { readonly signal: AbortSignal }): Promise<T> {
    return this.#parsed((await this.text(path, options)) ?? "", schema);
  }

  /** An answer as it is; `undefined` where there is nothing at the path. */
  async text(path: string, { signal }: { readonly signal: AbortSignal }): Promise<string | undefined> {
    const response = await this.#ask(path, signal);
    if (response.statusCode === 404) {
      response.resume();
      return undefined;
    }
    return this.#whole(response);
  }

  /** Asks for a change; false where what is to be changed is not there. */
  async post(path: string, body: object, { signal }: { readonly signal: AbortSignal }): Promise<boolean> {
    const response = await this.#ask(path, signal, JSON.stringify(body));
    await this.#whole(response);
    return response.statusCode !== 404;
  }

  /** JSON lines as they come, each of this form. Ends when the answer does; rejects when it breaks off. */
  async *lines<T>(path: string, schema: z.ZodType<T>, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<T> {
    const response = await this.#ask(path, signal);
    if (response.headers["content-type"] !== "application/x-ndjson") {
      response.destroy();
      throw this.#noCollector();
    }
    let rest = "";
    for await (const text of this.#texts(response)) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > longestCharacters) throw this.#noCollector();
      for (const line of lines) yield this.#parsed(line, schema);
    }
  }

  /** Resolves with an answer of 200 or 404. */
  async #ask(path: string, signal: AbortSignal, body?: string): Promise<IncomingMessage> {
    const { url, tls } = this.#access;
    const method = body === undefined ? "GET" : "POST";
    const headers = { ...this.#access.headers, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const target = new URL(path, url);
      const options = { method, headers, signal, agent: false } as const;
      const sent =
        target.protocol === "https:" ? httpsRequest(target, { ...options, ...tls }) : httpRequest(target, options);
      // Until the answer begins: a tap says nothing while nothing comes.
      const patience = systemClock.schedule(patienceMs, () => {
        sent.destroy(new Error(`no answer within ${patienceMs / 1000} seconds`));
      });
      sent.on("close", () => patience.cancel());
      sent.on("error", (cause) => reject(this.#unreachable(cause)));
      sent.on("response", (answer) => {
        patience.cancel();
        resolve(answer);
      });
      sent.end(body);
    });
    const status = response.statusCode ?? 0;
    if (status === 200 || status === 404) return response;
    throw this.#refused(status, await this.#whole(response));
  }

  async #whole(response: IncomingMessage): Promise<string> {
    let whole = "";
    for await (const text of this.#texts(response)) {
      whole += text;
      if (whole.length > longestCharacters) throw this.#noCollector();
    }
    return whole;
  }

  async *#texts(response: IncomingMessage): AsyncGenerator<string> {
    const decoder = new StringDecoder("utf8");
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) yield decoder.write(chunk);
    } catch (cause) {
      throw new DbintelError(`${this.label} broke its answer off: ${reasonOf(cause)}`, {
        ...{ code: "DBI_ADMIN", cause },
        hint: "the collector has stopped, or its log says why",
      });
    }
  }

  #parsed<T>(text: string, schema: z.ZodType<T>): T {
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw this.#noCollector(cause);
    }
  }

  #unreachable(cause: unknown): DbintelError {
    const reason = reasonOf(cause);
    const hint = certificateErrors.test(reason) ? trustHint : runningHint(this.#access.url);
    return new DbintelError(`no admin endpoint answers at ${this.label}: ${reason}`, {
      code: "DBI_ADMIN",
      hint,
      cause,
    });
  }

  #refused(status: number, body: string): DbintelError {
    const hint = hints[status] ?? "the collector's log may say why";
    return new DbintelError(`${this.label} answers ${status}${said(body)}`, { code: "DBI_ADMIN", hint });
  }

  #noCollector(cause?: unknown): DbintelError {
    const hint =
      "name the endpoint of the extension admin with --admin; health_check and others have ports of their own";
    return new DbintelError(`what answers at ${this.label} is no admin endpoint`, { code: "DBI_ADMIN", hint, cause });
  }
}

const certificateErrors = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|ERR_SSL|EPROTO/;
const trustHint =
  "name the authority of its certificate with --ca-file, and your own certificate with --cert-file and --key-file";

const hints: Readonly<Record<number, string>> = {
  401: "give --user with --password-file, or --token-file",
  403: "extensions.admin.tap.enabled is false in its configuration",
  421: "on localhost it answers only to that name: ask http://localhost with its port",
  429: "extensions.admin.tap.max_sessions allows no more at the same time; try again in a moment",
  501: "this program runs pipelines without the collector's control",
};

/** What a configuration needs so that there is somebody to ask. */
function runningHint({ host }: URL): string {
  return `check that a collector runs there with the extension admin in its configuration, or name another with --admin:
      extensions:
        admin:
          endpoint: ${host}
      service:
        extensions: [admin]`;
}

/** The collector's own words, where it is one. */
function said(body: string): string {
  try {
    const { error } = JSON.parse(body) as { readonly error?: unknown };
    return typeof error === "string" ? `: ${error.slice(0, 500)}` : "";
  } catch {
    return "";
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
