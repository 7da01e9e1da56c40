import { isDeepStrictEqual } from "node:util";
import { forgottenAfter, type Host, type SharedKey } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import type { BreakerSnapshot } from "./breaker.ts";
import { type BreakerEvent, type DatabaseSnapshot, GuardedDatabase } from "./guarded-database.ts";
import { GuardedInstance } from "./guarded-instance.ts";
import { type BreakerSettings, defaultBreakerSettings } from "./settings.ts";

export interface BreakerRegistryOptions {
  readonly environment: Pick<Host, "clock" | "random">;
  /** For instances that nobody has configured. Default `defaultBreakerSettings`. */
  readonly settings?: BreakerSettings;
  /** Databases that are remembered; beyond it the one that was asked for longest ago is forgotten. Default 10,000. */
  readonly max?: number;
  /** A database that nobody asked for during this time is forgotten. Default 30 min. */
  readonly ttlMs?: number;
}

/** A tenth of the time to live: so much later than due a forgotten database's memory is given back at most. */
const sweepsPerTtl = 10;
const snapshotVersion = 2;

/** The breakers of all instances and databases that a collector watches. */
export class BreakerRegistry {
  readonly #options: BreakerRegistryOptions;
  readonly #ttlMs: number;
  readonly #settings: BreakerSettings;
  /** By instance; as many as there are components that watch one. */
  readonly #configured = new Map<string, BreakerSettings>();
  readonly #databases: LRUCache<string, Guarded>;
  readonly #instances: LRUCache<string, GuardedInstance>;
  readonly #watchers = new Set<(event: BreakerEvent) => void>();
  #sweptMs = 0;

  constructor(options: BreakerRegistryOptions) {
    this.#options = options;
    this.#settings = options.settings ?? defaultBreakerSettings;
    this.#ttlMs = options.ttlMs ?? 1_800_000;
    const bounds = {
      // With `max` the cache would make room for all of them at once.
      ...{ maxSize: options.max ?? 10_000, sizeCalculation: () => 1 },
      ...forgottenAfter(this.#ttlMs, options.environment.clock),
      updateAgeOnGet: true,
    };
    this.#databases = new LRUCache({ ...bounds, dispose: ({ server, database }) => server.leave(database) });
    this.#instances = new LRUCache(bounds);
  }

  /** How many databases are remembered. */
  get size(): number {
    this.#sweep();
    return this.#databases.size;
  }

  /** The breakers of a database. Ask for it at each use: what is kept by a caller is not kept alive here. */
  database(instance: string, database: string): GuardedDatabase {
    this.#sweep();
    const key = JSON.stringify([instance, database]);
    // Asked for each time, so that it is remembered as long as any of its databases.
    const server = this.#instance(instance);
    const known = this.#databases.get(key);
    if (known !== undefined) return known.database;
    const created = new GuardedDatabase({
      instance,
      database,
      server,
      settings: this.#settingsOf(instance),
      environment: this.#options.environment,
      onChange: (event) => this.#tell(event),
    });
    server.join(created);
    this.#databases.set(key, { server, database: created });
    return created;
  }

  /**
   * Gives an instance and its databases settings of their own, until the returned function is called. Where they differ
   * from those before, what was known of it begins anew: call it before `restore`. Where several components watch one
   * instance the last one's count.
   */
  configure(instance: string, settings: BreakerSettings): () => void {
    this.#configured.set(instance, settings);
    const server = this.#instances.peek(instance);
    if (server !== undefined && !isDeepStrictEqual(server.settings, settings)) this.#forget(instance, server);
    return () => {
      if (this.#configured.get(instance) === settings) this.#configured.delete(instance);
    };
  }

  /**
   * Has an instance and its databases asked again at once where they were left alone: somebody says that what was wrong
   * is repaired. Answers whether anything was left alone.
   */
  retry(instance: string): boolean {
    const server = this.#instances.peek(instance);
    if (server === undefined) return false;
    const databases = [...this.#databases.values()].filter((guarded) => guarded.server === server);
    const retried = [server, ...databases.map(({ database }) => database)].map((guarded) => guarded.retry());
    return retried.includes(true);
  }

  /** Calls the watcher at each change of a state, until the returned function is called. */
  watch(watcher: (event: BreakerEvent) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** What is not well, as bytes for `host.storage`; `only` limits it to one instance. */
  snapshot(only?: string): Uint8Array {
    const wanted = (instance: string) => only === undefined || instance === only;
    const databases = [...this.#databases.values()]
      .map(({ database }) => database.snapshot())
      .filter((snapshot) => snapshot !== undefined)
      .filter(({ instance }) => wanted(instance));
    const instances = [...this.#instances].flatMap(([instance, server]) => {
      const state = wanted(instance) ? server.snapshot() : undefined;
      return state === undefined ? [] : [{ instance, state }];
    });
    const snapshot: RegistrySnapshot = { version: snapshotVersion, savedUnixMs: this.#unixMs(), databases, instances };
    return Buffer.from(JSON.stringify(snapshot));
  }

  /** Takes over a snapshot; one that is damaged or of another version counts as none. Answers whether it was used. */
  restore(bytes: Uint8Array): boolean {
    const saved = parsed(bytes);
    if (saved === undefined) return false;
    const elapsedMs = Math.max(0, this.#unixMs() - saved.savedUnixMs);
    for (const { instance, state } of saved.instances) this.#instance(instance).restore(state, elapsedMs);
    for (const snapshot of saved.databases) {
      this.database(snapshot.instance, snapshot.database).restore(snapshot, elapsedMs);
    }
    return true;
  }

  #instance(instance: string): GuardedInstance {
    const known = this.#instances.get(instance);
    if (known !== undefined) return known;
    const created = new GuardedInstance({
      settings: this.#settingsOf(instance),
      environment: this.#options.environment,
      onChange: (change) => this.#tell({ instance, database: "", ...change }),
    });
    this.#instances.set(instance, created);
    return created;
  }

  #settingsOf(instance: string): BreakerSettings {
    return this.#configured.get(instance) ?? this.#settings;
  }

  #forget(instance: string, server: GuardedInstance): void {
    this.#instances.delete(instance);
    for (const [key, guarded] of this.#databases) if (guarded.server === server) this.#databases.delete(key);
  }

  #tell(event: BreakerEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }

  #unixMs(): number {
    return Number(this.#options.environment.clock.unixNano() / 1_000_000n);
  }

  #sweep(): void {
    const nowMs = this.#options.environment.clock.monotonicMs();
    if (nowMs - this.#sweptMs < this.#ttlMs / sweepsPerTtl) return;
    this.#sweptMs = nowMs;
    this.#databases.purgeStale();
    this.#instances.purgeStale();
  }
}

interface Guarded {
  readonly server: GuardedInstance;
  readonly database: GuardedDatabase;
}

interface RegistrySnapshot {
  readonly version: typeof snapshotVersion;
  readonly savedUnixMs: number;
  readonly databases: readonly DatabaseSnapshot[];
  readonly instances: readonly { readonly instance: string; readonly state: BreakerSnapshot }[];
}

function parsed(bytes: Uint8Array): RegistrySnapshot | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (typeof value !== "object" || value === null) return undefined;
    // Only this class writes what carries its version.
    return "version" in value && value.version === snapshotVersion ? (value as unknown as RegistrySnapshot) : undefined;
  } catch {
    return undefined;
  }
}

/** The breakers of a collector: `host.shared(breakers)`, the same for its receivers and its processors. */
export const breakers: SharedKey<BreakerRegistry> = {
  name: "breakers",
  create: (environment) => new BreakerRegistry({ environment }),
};
