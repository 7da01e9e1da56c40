import { feedback } from "@dbintel/feedback";
import { logsBuilder } from "@dbintel/pdata";
import type { PollResult } from "@dbintel/polling";
import type { Capabilities } from "../connection/capabilities.ts";
import type { DatabaseConnection } from "../connection/connection.ts";
import { databaseProblem } from "../connection/problems.ts";
import { KeptState } from "../kept-state.ts";
import { receiverScope } from "../resource.ts";
import { serverClock } from "../visits/server-clock.ts";
import type { WatchedServer } from "../watched-server.ts";
import { settingChanges } from "./setting-changes.ts";
import { addSettingChanges } from "./setting-events.ts";
import { readSettings, type Setting } from "./setting-source.ts";

export type SettingsPollOptions = Pick<WatchedServer, "host" | "views" | "visits" | "resource" | "context">;

/** What was read last; `undefined` before the first reading, which is only remembered. */
interface KnownSettings {
  readonly hash: string;
  readonly timeUnixNano: bigint;
  readonly settings: readonly Setting[];
}

/** The same as JSON has it. */
type WrittenSettings = (Omit<KnownSettings, "timeUnixNano"> & { readonly timeUnixNano: string }) | null;

/** Tells each change of the server's settings, and of those that are kept for databases and roles. */
export class SettingsPoll {
  readonly #options: SettingsPollOptions;
  readonly #known: KeptState<KnownSettings | undefined, WrittenSettings>;

  constructor(options: SettingsPollOptions) {
    this.#options = options;
    this.#known = new KeptState<KnownSettings | undefined, WrittenSettings>({
      host: options.host,
      name: "settings",
      loss: "changes since the last run are not told",
      initial: undefined,
      version: 1,
      write: (known) => (known === undefined ? null : { ...known, timeUnixNano: String(known.timeUnixNano) }),
      read: (known) => (known === null ? undefined : { ...known, timeUnixNano: BigInt(known.timeUnixNano) }),
    });
  }

  async poll({ signal }: { readonly signal: AbortSignal }): Promise<PollResult> {
    const { host, views, visits, resource, context } = this.#options;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    try {
      const known = await this.#known.get();
      const capabilities: Capabilities = await views.turn.take(signal, () => views.capabilities(signal));
      const read = async (connection: DatabaseConnection) => ({
        timeUnixNano: await serverClock(connection, signal),
        found: await readSettings(connection, known?.hash, signal),
      });
      // A session without settings of its own, which would hide those of the server.
      const { found, timeUnixNano } = await visits.visit(
        { database: context.database, signal, sessionOptions: [] },
        read,
      );
      if (found === undefined) return { batches: [] };
      const logs = logsBuilder().resource(resource).scope(receiverScope(host.build, capabilities.version));
      if (known !== undefined) {
        const changes = settingChanges(known.settings, found.settings);
        const observedUnixNano = host.clock.unixNano();
        addSettingChanges(logs, { changes, timeUnixNano, sinceUnixNano: known.timeUnixNano, observedUnixNano });
      }
      return { batches: [logs.build()], commit: () => this.#known.set({ ...found, timeUnixNano }) };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  /** Makes the next reading the first. */
  forget(): void {
    this.#known.forget();
  }

  close(): Promise<void> {
    return this.#known.close();
  }
}
