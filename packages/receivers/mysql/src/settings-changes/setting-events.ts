import type { LogsBuilder } from "@dbintel/pdata";
import type { SettingChange } from "@dbintel/watching";
import type { Product } from "../connection/connection.ts";
import type { Setting } from "./setting-source.ts";

export const settingsChangeEvent = "db.server.settings_change";

/** One log record for each change, at the time of the reading that shows it. */
export function addSettingChanges(
  logs: LogsBuilder,
  args: {
    readonly product: Product;
    readonly changes: readonly SettingChange<Setting>[];
    readonly timeUnixNano: bigint;
    /** Of the reading that did not show it yet. */
    readonly sinceUnixNano: bigint;
    readonly observedUnixNano: bigint;
  },
): void {
  const { product, changes, timeUnixNano, sinceUnixNano, observedUnixNano } = args;
  for (const { before, after } of changes) {
    const micros = after?.setMicros;
    logs.record({
      ...{ timeUnixNano, observedTimeUnixNano: observedUnixNano, eventName: settingsChangeEvent },
      attributes: {
        "db.system.name": product,
        "mysql.setting.name": (after ?? before)?.name,
        "mysql.setting.old_value": shownValue(before),
        "mysql.setting.new_value": shownValue(after),
        "mysql.setting.source": after?.source.toLowerCase(),
        "mysql.setting.set_time_unix_nano": micros === undefined ? undefined : BigInt(micros) * 1000n,
        "mysql.setting.pending_restart": after?.pendingRestart ?? false,
        "user.name": after?.user,
        "client.address": after?.client,
        "dbintel.interval.start_time_unix_nano": sinceUnixNano,
      },
    });
  }
}

function shownValue(setting: Setting | undefined): string | undefined {
  return setting?.redacted === true ? "[REDACTED]" : setting?.value;
}
