import { extensionId } from "@dbintel/config";
import { z } from "zod";

/** The value of a request's header by its name in lower case. */
export type HeaderOf = (name: string) => string | undefined;

/** An extension that decides who may send to a listener. */
export interface ServerAuthenticator {
  /** For the header `WWW-Authenticate` of a 401. */
  readonly challenge: string;
  /** Whether a request may go on. Nothing is told to the sender about why not. */
  admits(header: HeaderOf): Promise<boolean>;
}

/** An extension that tells an exporter what to say of itself. */
export interface ClientAuthenticator {
  /** Headers by name in lower case, with the credentials of now. */
  credentials(): Readonly<Record<string, string>>;
}

/** The setting `auth` of receivers and exporters. */
export const authSettings = z
  .strictObject({ authenticator: extensionId().describe("Id of the extension.") })
  .describe("Who may send, or who is sending: an extension such as bearer_token_auth.");

export function isServerAuthenticator(component: object): component is ServerAuthenticator {
  return "admits" in component && typeof component.admits === "function";
}

export function isClientAuthenticator(component: object): component is ClientAuthenticator {
  return "credentials" in component && typeof component.credentials === "function";
}
