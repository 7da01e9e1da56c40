import { feedback } from "@dbintel/feedback";
import { logsBuilder } from "@dbintel/pdata";
import type { PollResult } from "@dbintel/polling";
import { settingsState } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";
import type { DatabaseConnection } from "../connection/connection.ts";
import { databaseProblem } from "../connection/problems.ts";
import { receiverScope } from "../resource.ts";
import { serverClock } from "../visits/server-clock.ts";
import type { WatchedServer } from "../watched-server.ts";
import { changedSettings } from "./setting-changes.ts";
import { addSettingChanges } from "./setting-events.ts";
import { readSettings, type Setting } from "./setting-source.ts";

export type SettingsPollOptions = Pick<WatchedServer, "host" | "views" | "visits" | "resource" | "context">;

/** Tells each change of the server's settings, and of those that are kept for databases and roles. */
export class SettingsPoll {
  readonly #options: SettingsPollOptions;
  readonly #known: ReturnType<typeof settingsState<Setting>>;

  constructor(options: SettingsPollOptions) {
    this.#options = options;
    this.#known = settingsState<Setting>(options.host);
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
        const changes = changedSettings(known.settings, found.settings);
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
