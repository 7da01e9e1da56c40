import type { DbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { type AnyValue, logsBuilder, type ResourceInit, type ScopeInit } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import type { SettingChange } from "./setting-changes.ts";
import { settingsState } from "./settings-state.ts";

export const settingsChangeEvent = "db.server.settings_change";

/** The settings of a server as they are now. */
export interface SettingsReading<Setting> {
  /** What answered. */
  readonly resource: ResourceInit;
  /** Who read, and what version of the database. */
  readonly scope: ScopeInit;
  /** By the server's clock. */
  readonly timeUnixNano: bigint;
  /** One value for all settings, and what they are; `undefined` when that value is the known one. */
  readonly found: { readonly hash: string; readonly settings: readonly Setting[] } | undefined;
  /** What the event of a change says, beside its times. */
  readonly attributesOf: (change: SettingChange<Setting>) => Readonly<Record<string, AnyValue | undefined>>;
}

/** How the settings of one kind of server are read and compared. */
export interface SettingsDialect<Setting> {
  /** Rejects with what the poll as a whole met; what keeps settings from being read at all is a problem. */
  read(args: {
    /** Of the reading before. */
    readonly hash: string | undefined;
    readonly signal: AbortSignal;
  }): Promise<SettingsReading<Setting> | { readonly problem: DbintelError }>;
  changes(before: readonly Setting[], after: readonly Setting[]): readonly SettingChange<Setting>[];
}

/** Tells each change of a server's settings: one log record, at the time of the reading that shows it. */
export class SettingsPoll<Setting> {
  readonly #host: Host;
  readonly #dialect: SettingsDialect<Setting>;
  readonly #known: ReturnType<typeof settingsState<Setting>>;

  constructor({ host, dialect }: { readonly host: Host; readonly dialect: SettingsDialect<Setting> }) {
    this.#host = host;
    this.#dialect = dialect;
    this.#known = settingsState<Setting>(host);
  }

  async poll({ signal }: { readonly signal: AbortSignal }): Promise<PollResult> {
    if (this.#host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    const known = await this.#known.get();
    const reading = await this.#dialect.read({ hash: known?.hash, signal });
    if ("problem" in reading) return { batches: [], problems: [reading.problem] };
    const { resource, scope, timeUnixNano, found, attributesOf } = reading;
    if (found === undefined) return { batches: [] };
    const logs = logsBuilder().resource(resource).scope(scope);
    if (known !== undefined) {
      const observedTimeUnixNano = this.#host.clock.unixNano();
      for (const change of this.#dialect.changes(known.settings, found.settings)) {
        logs.record({
          ...{ timeUnixNano, observedTimeUnixNano, eventName: settingsChangeEvent },
          attributes: { ...attributesOf(change), "dbintel.interval.start_time_unix_nano": known.timeUnixNano },
        });
      }
    }
    return { batches: [logs.build()], commit: () => this.#known.set({ ...found, timeUnixNano }) };
  }

  /** Makes the next reading the first. */
  forget(): void {
    this.#known.forget();
  }

  close(): Promise<void> {
    return this.#known.close();
  }
}

/** The value of a setting as an event shows it. */
export function shownSetting(
  setting: { readonly value?: string | undefined; readonly redacted?: boolean } | undefined,
): string | undefined {
  return setting?.redacted === true ? "[REDACTED]" : setting?.value;
}
