import { SettingsPoll, settingsChangeEvent } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { postgresqlSettings } from "./settings-dialect.ts";

/** Changes of settings. */
export function settingsPart(server: WatchedServer): void {
  const { next, config, watch, visits } = server;
  if (next.logs === undefined || !config.events[settingsChangeEvent].enabled) return;
  const poll = new SettingsPoll({ ...server, dialect: postgresqlSettings(server) });
  watch.closes(poll);
  const { collection_interval: interval } = config.settings_collection;
  watch.add({ name: "settings", interval, poll, source: visits, forget: () => poll.forget() });
}
