import type { RunningComponent } from "./graph-node.ts";
import type { LogLevel } from "./json-logger.ts";
import type { TapListener } from "./taps.ts";

/** Who asked for a reload. */
export type ReloadTrigger = "signal" | "admin" | "watch" | "application";

/** How a reload ended. */
export interface ReloadReport {
  /**
   * `applied`: the new configuration runs; `unchanged`: it is the same as before; `rejected`: it cannot be read, checked
   * or started, and the one before runs on.
   */
  readonly outcome: "applied" | "unchanged" | "rejected";
  readonly trigger: ReloadTrigger;
  readonly unixNano: bigint;
  /** Components by `kind id`, with `@pipeline` for a processor. */
  readonly started: readonly string[];
  readonly stopped: readonly string[];
  readonly kept: number;
  /** Why it was rejected, or what to mind. Secrets are redacted. */
  readonly problems: readonly string[];
}

/** One setting that is in effect. */
export interface EffectiveSetting {
  /** Dotted: `receivers.otlp.protocols.http.endpoint`. */
  readonly path: string;
  /** As it would be written; `[REDACTED]` for a secret. */
  readonly value: unknown;
  /** `file:line:col`, with `from ${env:NAME}` where a reference gave it, or `default`. */
  readonly origin: string;
}

/** What an operator may see and do while the collector runs; a pipeline that an application embeds has none. */
export interface Control {
  /** Every component with its accounts; those that a reload has taken out too. */
  accounts(): readonly RunningComponent[];
  /** Shows each batch that is handed to a component, until the returned function is called. */
  tap(listener: TapListener): () => void;
  /** Reads the configuration again and goes over to it by difference. Never rejects. Reloads take turns. */
  reload(trigger: ReloadTrigger): Promise<ReloadReport>;
  /** `undefined` until there was one. */
  readonly lastReload: ReloadReport | undefined;
  settings(): readonly EffectiveSetting[];
  /** Lines below it are not written. A reload that changes the setting sets it anew. */
  logLevel: LogLevel;
  /** The collector's own metrics as Prometheus text; `undefined` where the configuration serves none. */
  metrics(): Promise<string | undefined>;
}
