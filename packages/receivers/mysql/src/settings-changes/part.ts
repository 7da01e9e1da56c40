import type { WatchedServer } from "../watched-server.ts";
import { settingsChangeEvent } from "./setting-events.ts";
import { SettingsPoll } from "./settings-poll.ts";

/** Changes of settings. */
export function settingsPart(server: WatchedServer): void {
  const { next, config, watch, status } = server;
  if (next.logs === undefined || !config.events[settingsChangeEvent].enabled) return;
  const poll = new SettingsPoll({ ...server, server: status });
  watch.closes(poll);
  watch.add({
    ...{ name: "settings", interval: config.settings_collection.collection_interval, poll },
    ...{ source: status.connection, turn: status.turn, forget: () => poll.forget() },
  });
}
