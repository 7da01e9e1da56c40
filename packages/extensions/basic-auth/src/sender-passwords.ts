import { type Component, FollowedFile, type HeaderOf, type Host, type ServerAuthenticator } from "@dbintel/pipeline";
import type { BasicAuthConfig } from "./config.ts";
import { PasswordGate } from "./password-gate.ts";
import { readUsers, type Users } from "./users.ts";

/** What a header may be long; more is no user with a password. */
const longestHeader = 4096;

/** Lets in senders that present a user and the right password (RFC 7617). */
export class SenderPasswords implements Component, ServerAuthenticator {
  readonly challenge = 'Basic realm="dbintel", charset="UTF-8"';
  readonly #configured: Users | undefined;
  readonly #file: FollowedFile<Users> | undefined;
  readonly #gate: PasswordGate;

  constructor(args: {
    readonly htpasswd: NonNullable<BasicAuthConfig["htpasswd"]>;
    readonly intervalMs: number;
    readonly host: Host;
  }) {
    const { htpasswd, intervalMs, host } = args;
    const { file: path, inline } = htpasswd;
    this.#gate = new PasswordGate(host.clock);
    this.#configured = inline && readUsers(inline.reveal(), "htpasswd.inline");
    this.#file =
      path === undefined
        ? undefined
        : new FollowedFile({
            ...{ host, path, setting: "htpasswd.file", intervalMs },
            parse: (text) => readUsers(text, path),
          });
  }

  async start(): Promise<void> {
    await this.#file?.start();
  }

  async stop(): Promise<void> {
    await this.#file?.stop();
  }

  async admits(header: HeaderOf): Promise<boolean> {
    const users = this.#file === undefined ? this.#configured : this.#file.content;
    const presented = header("authorization") ?? "";
    const encoded = presented.length > longestHeader ? undefined : /^basic +([+/0-9a-z]+=*)$/i.exec(presented)?.[1];
    if (users === undefined || encoded === undefined) return false;
    return this.#gate.passes(Buffer.from(encoded, "base64").toString("utf8"), users);
  }
}
