import { DbintelError } from "@dbintel/errors";
import {
  type ClientAuthenticator,
  isClientAuthenticator,
  isServerAuthenticator,
  type ServerAuthenticator,
} from "./authenticator.ts";

/** The extensions of one collector by id, for components that name one in their settings. */
export interface Extensions {
  /** Throws `DBI_CONFIG_INVALID` for an id that no running extension has, or that of another kind of extension. */
  serverAuthenticator(id: string): ServerAuthenticator;
  /** Throws as {@link Extensions.serverAuthenticator} does. */
  clientAuthenticator(id: string): ClientAuthenticator;
}

/** For a graph whose extensions were all created. */
export function extensionsOf(components: ReadonlyMap<string, object>): Extensions {
  const find = <Kind extends object>(id: string, is: (component: object) => component is Kind, what: string): Kind => {
    const component = components.get(id);
    if (component !== undefined && is(component)) return component;
    const known = [...components].filter(([, each]) => is(each)).map(([name]) => name);
    const hint = known.length === 0 ? "such as basic_auth or bearer_token_auth" : `one of ${known.join(", ")}`;
    const problem = component === undefined ? "does not run" : `is no ${what}`;
    throw new DbintelError(`auth.authenticator names the extension "${id}", which ${problem}`, {
      code: "DBI_CONFIG_INVALID",
      hint: `name an extension of service.extensions that authenticates, ${hint}`,
    });
  };
  return {
    serverAuthenticator: (id) => find(id, isServerAuthenticator, "authenticator of senders"),
    clientAuthenticator: (id) => find(id, isClientAuthenticator, "authenticator of exporters"),
  };
}
