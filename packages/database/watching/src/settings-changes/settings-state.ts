import type { Host } from "@dbintel/pipeline";
import { KeptState } from "../kept-state.ts";

/** The settings of a server as they were read last; `undefined` before the first reading, which is only remembered. */
export type KnownSettings<Setting> =
  | {
      /** One value for all of them: the same as long as nothing has changed. */
      readonly hash: string;
      /** By the server's clock. */
      readonly timeUnixNano: bigint;
      readonly settings: readonly Setting[];
    }
  | undefined;

interface WrittenSettings<Setting> {
  readonly hash: string;
  readonly timeUnixNano: string;
  readonly settings: readonly Setting[];
}

/** What changes of settings are found by, kept over a restart. */
export function settingsState<Setting>(host: Host): KeptState<KnownSettings<Setting>, WrittenSettings<Setting> | null> {
  return new KeptState<KnownSettings<Setting>, WrittenSettings<Setting> | null>({
    ...{ host, name: "settings", version: 1, initial: undefined },
    loss: "changes since the last run are not told",
    write: (known) => (known === undefined ? null : { ...known, timeUnixNano: String(known.timeUnixNano) }),
    read: (known) => (known === null ? undefined : { ...known, timeUnixNano: BigInt(known.timeUnixNano) }),
  });
}
