import type { HeaderOf, Host, ServerAuthenticator } from "@dbintel/pipeline";
import { Failure, rpcCode } from "./failure.ts";

/** Asks an extension whether the sender of a request may go on, before anything else of it is read. */
export class FrontDoor {
  readonly #authenticator: ServerAuthenticator | undefined;

  constructor(host: Host, auth: { readonly authenticator: string } | undefined) {
    this.#authenticator = auth && host.extensions.serverAuthenticator(auth.authenticator);
  }

  /** Rejects with the answer 401 for a stranger. */
  async pass(header: HeaderOf): Promise<void> {
    if (this.#authenticator === undefined || (await this.#authenticator.admits(header))) return;
    throw new Failure(401, "the credentials are missing or wrong", {
      rpcCode: rpcCode.unauthenticated,
      headers: { "www-authenticate": this.#authenticator.challenge },
    });
  }
}
