import { type SettingsDialect, shownSetting } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";
import { databaseProblem } from "../connection/problems.ts";
import { receiverScope } from "../resource.ts";
import { serverClock } from "../visits/server-clock.ts";
import type { WatchedServer } from "../watched-server.ts";
import { changedSettings } from "./setting-changes.ts";
import { readSettings, type Setting } from "./setting-source.ts";

export type SettingsOptions = Pick<WatchedServer, "host" | "views" | "visits" | "resource" | "context">;

/** The server's settings, and those that are kept for databases and roles. */
export function postgresqlSettings(options: SettingsOptions): SettingsDialect<Setting> {
  const { host, views, visits, resource, context } = options;
  return {
    async read({ hash, signal }) {
      try {
        const { version } = await views.turn.take(signal, () => views.capabilities(signal));
        const read = async (connection: DatabaseConnection) => ({
          timeUnixNano: await serverClock(connection, signal),
          found: await readSettings(connection, hash, signal),
        });
        // A session without settings of its own, which would hide those of the server.
        const session = { database: context.database, signal, sessionOptions: [] };
        return {
          ...(await visits.visit(session, read)),
          ...{ resource, scope: receiverScope(host.build, version) },
          attributesOf: ({ before, after }) => ({
            "db.system.name": "postgresql",
            "db.namespace": (after ?? before)?.database,
            "user.name": (after ?? before)?.user,
            "postgresql.setting.name": (after ?? before)?.name,
            "postgresql.setting.old_value": shownSetting(before),
            "postgresql.setting.new_value": shownSetting(after),
            "postgresql.setting.unit": (after ?? before)?.unit,
            "postgresql.setting.source": after?.source,
            "postgresql.setting.pending_restart": after?.pendingRestart ?? false,
          }),
        };
      } catch (error) {
        throw databaseProblem(error, context);
      }
    },
    changes: changedSettings,
  };
}
