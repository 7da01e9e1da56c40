import { type SettingChange, settingChanges } from "@dbintel/watching";
import type { Setting } from "./setting-source.ts";

/**
 * What has changed from one reading to the next. A setting of the server that appears or vanishes was only loaded, or
 * hidden by a setting for our own role: of those that are for a database or a role it is a change.
 */
export function changedSettings(
  before: readonly Setting[],
  after: readonly Setting[],
): readonly SettingChange<Setting>[] {
  return settingChanges({ before, after, key, differs, comesAndGoes: isScoped });
}

function isScoped({ database, user }: Setting): boolean {
  return database !== undefined || user !== undefined;
}

/** The same value from another place is a change too: it will be another after a reload or not. */
function differs(a: Setting, b: Setting): boolean {
  return a.value !== b.value || a.source !== b.source || a.pendingRestart !== b.pendingRestart;
}

function key({ name, database, user }: Setting): string {
  return JSON.stringify([name, database, user]);
}
