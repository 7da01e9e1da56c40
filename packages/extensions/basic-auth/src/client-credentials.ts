import { DbintelError } from "@dbintel/errors";
import { type ClientAuthenticator, type Component, FollowedFile, type Host } from "@dbintel/pipeline";
import type { BasicAuthConfig } from "./config.ts";

/** A text of the configuration, or the line of a file that is followed. */
type Source = { readonly content: string | undefined } | FollowedFile<string>;

/** Gives exporters a user and a password to present (RFC 7617). */
export class ClientCredentials implements Component, ClientAuthenticator {
  readonly #username: Source;
  readonly #password: Source;

  constructor(args: {
    readonly client: NonNullable<BasicAuthConfig["client_auth"]>;
    readonly intervalMs: number;
    readonly host: Host;
  }) {
    const { client, intervalMs, host } = args;
    const source = (text: string | undefined, path: string | undefined, setting: string): Source =>
      path === undefined
        ? { content: text }
        : new FollowedFile({ host, path, setting, intervalMs, parse: (line) => oneLine(line, path) });
    this.#username = source(client.username, client.username_file, "client_auth.username_file");
    this.#password = source(client.password?.reveal(), client.password_file, "client_auth.password_file");
  }

  async start(): Promise<void> {
    for (const file of this.#files) await file.start();
  }

  async stop(): Promise<void> {
    for (const file of this.#files) await file.stop();
  }

  credentials(): Readonly<Record<string, string>> {
    const [username, password] = [this.#username.content, this.#password.content];
    if (username === undefined || password === undefined) return {};
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
  }

  get #files(): readonly FollowedFile<string>[] {
    return [this.#username, this.#password].filter((source) => source instanceof FollowedFile);
  }
}

/** A file of one line, such as a Secret of Kubernetes, often ends in a line break that is no part of it. */
function oneLine(text: string, path: string): string {
  const line = text.replace(/\r?\n$/, "");
  if (line !== "" && !line.includes("\n")) return line;
  throw new DbintelError(`${path} ${line === "" ? "is empty" : "has more than one line"}`, {
    code: "DBI_FILE",
    hint: "write the user or the password alone into it",
  });
}
