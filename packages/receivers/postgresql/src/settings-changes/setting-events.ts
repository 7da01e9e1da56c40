import type { LogsBuilder } from "@dbintel/pdata";
import type { SettingChange } from "@dbintel/watching";
import type { Setting } from "./setting-source.ts";

export const settingsChangeEvent = "db.server.settings_change";

/** One log record for each change, at the time of the reading that shows it. */
export function addSettingChanges(
  logs: LogsBuilder,
  args: {
    readonly changes: readonly SettingChange<Setting>[];
    readonly timeUnixNano: bigint;
    /** Of the reading that did not show it yet. */
    readonly sinceUnixNano: bigint;
    readonly observedUnixNano: bigint;
  },
): void {
  const { changes, timeUnixNano, sinceUnixNano, observedUnixNano } = args;
  for (const { before, after } of changes) {
    const known = after ?? before;
    logs.record({
      ...{ timeUnixNano, observedTimeUnixNano: observedUnixNano, eventName: settingsChangeEvent },
      attributes: {
        "db.system.name": "postgresql",
        "db.namespace": known?.database,
        "user.name": known?.user,
        "postgresql.setting.name": known?.name,
        "postgresql.setting.old_value": shownValue(before),
        "postgresql.setting.new_value": shownValue(after),
        "postgresql.setting.unit": known?.unit,
        "postgresql.setting.source": after?.source,
        "postgresql.setting.pending_restart": after?.pendingRestart ?? false,
        "dbintel.interval.start_time_unix_nano": sinceUnixNano,
      },
    });
  }
}

function shownValue(setting: Setting | undefined): string | undefined {
  return setting?.redacted === true ? "[REDACTED]" : setting?.value;
}
