import { DbintelError } from "@dbintel/errors";
import {
  type ClientAuthenticator,
  isClientAuthenticator,
  isServerAuthenticator,
  type ServerAuthenticator,
} from "./authenticator.ts";
import { isJournalProvider, type JournalProvider } from "./journal.ts";

/** Extensions by id, to be found and listed. */
export type ExtensionsById = Pick<ReadonlyMap<string, object>, "get" | typeof Symbol.iterator>;

/** The extensions of one collector by id, for components that name one in their settings. */
export interface Extensions {
  /** Throws `DBI_CONFIG_INVALID` for an id that no running extension has, or that of another kind of extension. */
  serverAuthenticator(id: string): ServerAuthenticator;
  /** Throws as {@link Extensions.serverAuthenticator} does. */
  clientAuthenticator(id: string): ClientAuthenticator;
  /** Throws as {@link Extensions.serverAuthenticator} does, with the name of the setting that names it. */
  journalProvider(id: string, setting?: string): JournalProvider;
}

/** For a graph whose extensions were all created. */
export function extensionsOf(components: ExtensionsById): Extensions {
  const find = <Kind extends object>(
    id: string,
    is: (component: object) => component is Kind,
    wanted: Wanted,
  ): Kind => {
    const component = components.get(id);
    if (component !== undefined && is(component)) return component;
    const known = [...components].filter(([, each]) => is(each)).map(([name]) => name);
    const hint = known.length === 0 ? `such as ${wanted.examples}` : `one of ${known.join(", ")}`;
    const problem = component === undefined ? "does not run" : `is no ${wanted.what}`;
    throw new DbintelError(`${wanted.key} names the extension "${id}", which ${problem}`, {
      code: "DBI_CONFIG_INVALID",
      hint: `name an extension that runs (\`service.extensions\`, \`extensions\` of createPipeline) and ${wanted.does}, ${hint}`,
    });
  };
  const authenticator = {
    key: "auth.authenticator",
    does: "authenticates",
    examples: "basic_auth or bearer_token_auth",
  };
  const storage = { what: "storage for queues", does: "keeps data on disk", examples: "file_storage" };
  return {
    serverAuthenticator: (id) =>
      find(id, isServerAuthenticator, { ...authenticator, what: "authenticator of senders" }),
    clientAuthenticator: (id) =>
      find(id, isClientAuthenticator, { ...authenticator, what: "authenticator of exporters" }),
    journalProvider: (id, key = "sending_queue.storage") => find(id, isJournalProvider, { ...storage, key }),
  };
}

/** What a setting wants of the extension that it names, in the words of its error. */
interface Wanted {
  readonly key: string;
  readonly what: string;
  readonly does: string;
  readonly examples: string;
}
