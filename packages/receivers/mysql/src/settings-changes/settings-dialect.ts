import { type SettingsDialect, settingChanges, shownSetting } from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import { databaseProblem, performanceSchemaOff } from "../connection/problems.ts";
import { serverClock } from "../connection/server-clock.ts";
import { instanceResource, receiverScope } from "../resource.ts";
import type { WatchedServer } from "../watched-server.ts";
import { readSettings, type Setting } from "./setting-source.ts";

export interface SettingsOptions extends Pick<WatchedServer, "host" | "instance" | "context"> {
  readonly server: KnownServer;
}

/** The server's global variables, and what is kept for its next start. */
export function mysqlSettings({ host, server, instance, context }: SettingsOptions): SettingsDialect<Setting> {
  const { connection } = server;
  return {
    async read({ hash, signal }) {
      try {
        const capabilities = await server.capabilities(signal);
        const { product, performanceSchema } = capabilities;
        if (product === "mysql" && !performanceSchema) return { problem: performanceSchemaOff(context.endpoint) };
        return {
          timeUnixNano: (await serverClock(connection, signal)) * 1000n,
          found: await readSettings(connection, { capabilities, known: hash, signal }),
          resource: instanceResource(instance, capabilities),
          scope: receiverScope(host.build, capabilities),
          attributesOf: ({ before, after }) => ({
            "db.system.name": product,
            "mysql.setting.name": (after ?? before)?.name,
            "mysql.setting.old_value": shownSetting(before),
            "mysql.setting.new_value": shownSetting(after),
            "mysql.setting.source": after?.source.toLowerCase(),
            "mysql.setting.set_time_unix_nano":
              after?.setMicros === undefined ? undefined : BigInt(after.setMicros) * 1000n,
            "mysql.setting.pending_restart": after?.pendingRestart ?? false,
            "user.name": after?.user,
            "client.address": after?.client,
          }),
        };
      } catch (error) {
        throw databaseProblem(error, context);
      }
    },
    changes: (before, after) =>
      settingChanges({
        ...{ before, after, key: ({ name }) => name, differs },
        // A variable comes with its plugin and goes with it.
        comesAndGoes: () => false,
      }),
  };
}

/** Its source alone is no change: the server tells each session its own of what it has set for itself. */
function differs(a: Setting, b: Setting): boolean {
  return a.value !== b.value || a.pendingRestart !== b.pendingRestart;
}
