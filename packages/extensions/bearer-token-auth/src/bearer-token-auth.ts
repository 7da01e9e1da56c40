import { DbintelError } from "@dbintel/errors";
import {
  type ClientAuthenticator,
  type Component,
  equalSecrets,
  FollowedFile,
  type HeaderOf,
  type Host,
  type ServerAuthenticator,
} from "@dbintel/pipeline";
import type { BearerTokenAuthConfig } from "./config.ts";

/** Tokens that senders present, and that exporters do. */
export class BearerTokenAuth implements Component, ServerAuthenticator, ClientAuthenticator {
  readonly challenge: string;
  readonly #header: string;
  readonly #prefix: string;
  readonly #configured: readonly string[];
  readonly #file: FollowedFile<readonly string[]> | undefined;

  constructor({ config, host }: { readonly config: BearerTokenAuthConfig; readonly host: Host }) {
    const { header, scheme, token, tokens = [], filename: path, reload_interval: intervalMs } = config;
    this.challenge = scheme || "Bearer";
    this.#header = header.toLowerCase();
    this.#prefix = scheme === "" ? "" : `${scheme} `;
    this.#configured = [...(token === undefined ? [] : [token]), ...tokens].map((each) => each.reveal());
    this.#file =
      path === undefined
        ? undefined
        : new FollowedFile({ host, path, setting: "filename", intervalMs, parse: (text) => tokensOf(text, path) });
  }

  async start(): Promise<void> {
    await this.#file?.start();
  }

  async stop(): Promise<void> {
    await this.#file?.stop();
  }

  async admits(header: HeaderOf): Promise<boolean> {
    const presented = header(this.#header);
    if (presented === undefined) return false;
    // Each is compared, so that the time does not tell which one was near.
    return this.#tokens.map((token) => equalSecrets(presented, this.#prefix + token)).includes(true);
  }

  credentials(): Readonly<Record<string, string>> {
    const [token] = this.#tokens;
    return token === undefined ? {} : { [this.#header]: this.#prefix + token };
  }

  get #tokens(): readonly string[] {
    return this.#file?.content ?? this.#configured;
  }
}

function tokensOf(text: string, path: string): readonly string[] {
  const tokens = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (tokens.length > 0 && tokens.every((token) => /^[\x21-\x7e]+$/.test(token))) return tokens;
  throw new DbintelError(`${path} holds ${tokens.length === 0 ? "no token" : "something that is no token"}`, {
    code: "DBI_FILE",
    hint: "write one token in each line: printable ASCII characters without spaces",
  });
}
