import { SettingsPoll, settingsChangeEvent } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { mysqlSettings } from "./settings-dialect.ts";

/** Changes of settings. */
export function settingsPart(server: WatchedServer): void {
  const { next, config, watch, status } = server;
  if (next.logs === undefined || !config.events[settingsChangeEvent].enabled) return;
  const poll = new SettingsPoll({ ...server, dialect: mysqlSettings({ ...server, server: status }) });
  watch.closes(poll);
  watch.add({
    ...{ name: "settings", interval: config.settings_collection.collection_interval, poll },
    ...{ source: status.connection, turn: status.turn, forget: () => poll.forget() },
  });
}
