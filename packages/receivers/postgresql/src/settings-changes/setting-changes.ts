import type { Setting } from "./setting-source.ts";

/** A setting that is not what it was. */
export interface SettingChange {
  /** `undefined` when it was not there. */
  readonly before: Setting | undefined;
  /** `undefined` when it is gone. */
  readonly after: Setting | undefined;
}

/**
 * What has changed from one reading to the next. A setting of the server that appears or vanishes was only loaded, or
 * hidden by a setting for our own role: of those that are for a database or a role it is a change.
 */
export function settingChanges(before: readonly Setting[], after: readonly Setting[]): readonly SettingChange[] {
  const known = new Map(before.map((setting) => [keyOf(setting), setting]));
  const present = new Set(after.map(keyOf));
  const changes: SettingChange[] = [];
  for (const setting of after) {
    const last = known.get(keyOf(setting));
    if (last === undefined ? isScoped(setting) : differs(last, setting)) changes.push({ before: last, after: setting });
  }
  for (const setting of before) {
    if (!present.has(keyOf(setting)) && isScoped(setting)) changes.push({ before: setting, after: undefined });
  }
  return changes;
}

function isScoped({ database, user }: Setting): boolean {
  return database !== undefined || user !== undefined;
}

/** The same value from another place is a change too: it will be another after a reload or not. */
function differs(a: Setting, b: Setting): boolean {
  return a.value !== b.value || a.source !== b.source || a.pendingRestart !== b.pendingRestart;
}

function keyOf({ name, database, user }: Setting): string {
  return JSON.stringify([name, database, user]);
}
