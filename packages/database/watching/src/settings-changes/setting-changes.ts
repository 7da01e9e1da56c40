/** A setting that is not what it was. */
export interface SettingChange<Setting> {
  /** `undefined` when it was not there. */
  readonly before: Setting | undefined;
  /** `undefined` when it is gone. */
  readonly after: Setting | undefined;
}

/** What has changed from one reading to the next. */
export function settingChanges<Setting>(args: {
  readonly before: readonly Setting[];
  readonly after: readonly Setting[];
  /** What tells a setting from all others. */
  readonly key: (setting: Setting) => string;
  readonly differs: (before: Setting, after: Setting) => boolean;
  /** Whether it is a change when the setting appears or vanishes: others were only loaded, or hidden. */
  readonly comesAndGoes: (setting: Setting) => boolean;
}): readonly SettingChange<Setting>[] {
  const { before, after, key, differs, comesAndGoes } = args;
  const known = new Map(before.map((setting) => [key(setting), setting]));
  const present = new Set(after.map(key));
  const changes: SettingChange<Setting>[] = [];
  for (const setting of after) {
    const last = known.get(key(setting));
    const changed = last === undefined ? comesAndGoes(setting) : differs(last, setting);
    if (changed) changes.push({ before: last, after: setting });
  }
  for (const setting of before) {
    if (!present.has(key(setting)) && comesAndGoes(setting)) changes.push({ before: setting, after: undefined });
  }
  return changes;
}
