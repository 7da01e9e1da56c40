import { createNoopMeter, type Meter } from "@opentelemetry/api";
import { extensionsOf } from "../extensions.ts";
import type { ComponentStatus, ComponentView, Control, Host, LogFields, Random } from "../index.ts";
import { Ledger } from "../index.ts";
import { SharedObjects } from "../shared.ts";
import { FakeClock } from "./fake-clock.ts";
import { MemoryStorage } from "./memory-storage.ts";

/** A line that a component logged. */
export interface LoggedLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly fields: LogFields;
  readonly message: string;
}

/** A host for the test of one component, with everything that the component did on it. */
export interface TestHost extends Host {
  readonly clock: FakeClock;
  readonly accounting: Ledger;
  readonly storage: MemoryStorage;
  readonly lines: readonly LoggedLine[];
  readonly statuses: readonly ComponentStatus[];
  /** Sets what `collector.ready` answers; true at first. */
  setReady(ready: boolean): void;
  /** Sets what `collector.components()` answers; none at first. */
  setComponents(components: readonly ComponentView[]): void;
}

export interface TestHostOptions {
  readonly clock?: FakeClock;
  readonly seed?: number;
  /** That of another host: what it has saved is found again, as after a restart. */
  readonly storage?: MemoryStorage;
  /** Default: a meter that measures nothing. */
  readonly meter?: Meter;
  /** A host of the same collector: both get the same shared objects. */
  readonly collectorOf?: TestHost;
  /** Absent by default, as in an embedded pipeline. */
  readonly control?: Control;
  /** By id; none by default. */
  readonly extensions?: ReadonlyMap<string, object>;
}

/** Makes a host with a fake clock, a seeded random and recorded logs and statuses. */
export function createTestHost(options: TestHostOptions = {}): TestHost {
  const lines: LoggedLine[] = [];
  const statuses: ComponentStatus[] = [];
  let components: readonly ComponentView[] = [];
  let ready = true;
  const log = (level: LoggedLine["level"]) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message });
  };
  const environment = {
    clock: options.clock ?? options.collectorOf?.clock ?? new FakeClock(),
    random: seededRandom(options.seed ?? 1),
    logger: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
    meter: options.meter ?? createNoopMeter(),
    build: { name: "dbintel", version: "0.0.0-test" },
  };
  const shared = new SharedObjects(environment);
  return {
    ...environment,
    ...(options.control === undefined ? {} : { control: options.control }),
    storage: options.storage ?? new MemoryStorage(),
    extensions: extensionsOf(options.extensions ?? new Map()),
    shared: (key) => options.collectorOf?.shared(key) ?? shared.get(key),
    accounting: new Ledger(),
    reportStatus: (status) => void statuses.push(status),
    collector: {
      get ready() {
        return ready;
      },
      components: () => components,
    },
    lines,
    statuses,
    setReady: (value) => {
      ready = value;
    },
    setComponents: (views) => {
      components = views;
    },
  };
}

/** A repeatable stand-in for `Random` (mulberry32): the same seed gives the same numbers. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)),
  };
}
