import { feedback } from "@dbintel/feedback";
import { logsBuilder } from "@dbintel/pdata";
import type { PollResult } from "@dbintel/polling";
import { settingChanges, settingsState } from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import { databaseProblem, performanceSchemaOff } from "../connection/problems.ts";
import { serverClock } from "../connection/server-clock.ts";
import { instanceResource, receiverScope } from "../resource.ts";
import type { WatchedServer } from "../watched-server.ts";
import { addSettingChanges } from "./setting-events.ts";
import { readSettings, type Setting } from "./setting-source.ts";

export interface SettingsPollOptions extends Pick<WatchedServer, "host" | "instance" | "context"> {
  readonly server: KnownServer;
}

/** Tells each change of the server's global variables, and of what is kept for its next start. */
export class SettingsPoll {
  readonly #options: SettingsPollOptions;
  readonly #known: ReturnType<typeof settingsState<Setting>>;

  constructor(options: SettingsPollOptions) {
    this.#options = options;
    this.#known = settingsState<Setting>(options.host);
  }

  async poll({ signal }: { readonly signal: AbortSignal }): Promise<PollResult> {
    const { host, server, instance, context } = this.#options;
    const { connection } = server;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    try {
      const known = await this.#known.get();
      const capabilities = await server.capabilities(signal);
      const { product, performanceSchema } = capabilities;
      if (product === "mysql" && !performanceSchema) {
        return { batches: [], problems: [performanceSchemaOff(context.endpoint)] };
      }
      const timeUnixNano = (await serverClock(connection, signal)) * 1000n;
      const found = await readSettings(connection, { capabilities, known: known?.hash, signal });
      if (found === undefined) return { batches: [] };
      const logs = logsBuilder()
        .resource(instanceResource(instance, capabilities))
        .scope(receiverScope(host.build, capabilities));
      if (known !== undefined) {
        const changes = settingChanges({
          before: known.settings,
          after: found.settings,
          key: ({ name }) => name,
          differs,
          // A variable comes with its plugin and goes with it.
          comesAndGoes: () => false,
        });
        const observedUnixNano = host.clock.unixNano();
        const sinceUnixNano = known.timeUnixNano;
        addSettingChanges(logs, { product, changes, timeUnixNano, sinceUnixNano, observedUnixNano });
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

/** Its source alone is no change: the server tells each session its own of what it has set for itself. */
function differs(a: Setting, b: Setting): boolean {
  return a.value !== b.value || a.pendingRestart !== b.pendingRestart;
}
