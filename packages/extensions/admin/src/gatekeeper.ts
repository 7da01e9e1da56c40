import type { IncomingMessage } from "node:http";
import type { Host, ServerAuthenticator } from "@dbintel/pipeline";
import { headerOf, isLoopback } from "@dbintel/pipeline/listen";
import { Refusal } from "./answer.ts";
import type { AdminConfig } from "./config.ts";

/**
 * Decides who may ask. A page in a browser of this machine can send requests to localhost, and to a name of its own that
 * resolves there: the first says where it comes from (`Origin`), the second asks for another host.
 */
export class Gatekeeper {
  readonly #names: ReadonlySet<string> | undefined;
  readonly #authenticator: ServerAuthenticator | undefined;

  /** Throws `DBI_CONFIG_INVALID` when the authenticator is none. */
  constructor({ endpoint, auth }: Pick<AdminConfig, "endpoint" | "auth">, host: Host) {
    this.#names = isLoopback(endpoint) ? new Set(["localhost", "127.0.0.1", "[::1]", endpoint.host]) : undefined;
    this.#authenticator = auth && host.extensions.serverAuthenticator(auth.authenticator);
  }

  /** Throws the answer for one that does not come as it should. */
  checkWay(request: IncomingMessage): void {
    const host = headerOf(request, "host") ?? "";
    if (this.#names?.has(host.replace(/:\d+$/, "")) === false) {
      throw new Refusal(421, "this is the admin endpoint of a collector; ask for it as localhost");
    }
    const origin = headerOf(request, "origin");
    if (origin !== undefined && URL.parse(origin)?.host !== host) {
      throw new Refusal(403, "pages of other origins may not ask");
    }
  }

  /** Rejects with the answer for a stranger. */
  async admit(request: IncomingMessage): Promise<void> {
    if (this.#authenticator === undefined) return;
    if (await this.#authenticator.admits((name) => headerOf(request, name))) return;
    const headers = { "www-authenticate": this.#authenticator.challenge };
    throw new Refusal(401, "the credentials are missing or wrong", headers);
  }
}
