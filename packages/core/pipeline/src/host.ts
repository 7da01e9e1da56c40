import type { Meter } from "@opentelemetry/api";
import type { ComponentAccounting } from "./accounting.ts";
import type { Clock } from "./clock.ts";
import type { Control } from "./control.ts";
import type { Extensions } from "./extensions.ts";
import type { SharedKey } from "./shared.ts";
import type { ComponentStatus } from "./status.ts";
import type { Storage, StorageProvider } from "./storage.ts";

/** Structured logging with pino's call shape: fields first, then the message. Never given a secret. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** `error` may hold an `Error`; a `DbintelError` is printed with its code and hint. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Crypto-strong randomness. Throws when the system has none; never falls back to anything weaker. */
export interface Random {
  /** A number in [0, 1) with 48 random bits. */
  next(): number;
  bytes(length: number): Uint8Array;
}

/** What the process gives to everything that runs in it. `systemEnvironment()` is the one of production. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Name and version of the distribution, for user agents and resources. */
  readonly build: BuildInfo;
  /** Who keeps state over a restart where no extension does; absent means nobody. */
  readonly storageProvider?: StorageProvider;
  /** For components that operators work with; absent in an embedded pipeline. */
  readonly control?: Control;
}

/**
 * Time, randomness, telemetry and status of one component: everything it gets from outside beside its data.
 * Its logger carries the component's kind, id and pipeline in each line.
 */
export interface Host extends Omit<Environment, "storageProvider"> {
  readonly accounting: ComponentAccounting;
  /** The component's own snapshots. To be used from `start` on: before it, the storage may not have started. */
  readonly storage: Storage;
  /** One object for all components of the collector that ask with the same key. */
  shared<Value>(key: SharedKey<Value>): Value;
  /** Extensions that settings name by id; not for extensions themselves, which have none before them. */
  readonly extensions: Extensions;
  /** Reports the component's state; the same state again is not a new event. */
  reportStatus(status: ComponentStatus): void;
  /** The state of the whole collector: what the health extension answers from. */
  readonly collector: CollectorView;
}

export interface BuildInfo {
  readonly name: string;
  readonly version: string;
}

/** One component's state as others may see it. */
export interface ComponentView {
  readonly kind: string;
  readonly id: string;
  /** The pipeline of a processor; the others serve several pipelines with one instance. */
  readonly pipeline?: string | undefined;
  readonly status: ComponentStatus;
  /** When the component entered this state. */
  readonly sinceUnixNano: bigint;
}

/** Read access to the running collector. */
export interface CollectorView {
  /** True between the moment when everything has started and the beginning of shutdown. */
  readonly ready: boolean;
  components(): readonly ComponentView[];
}
