import type { ComponentKind } from "./component.ts";

/**
 * Snapshots of one component's state that outlive a restart: breaker states, budgets, baselines. A name stands for
 * one snapshot; saving replaces it as a whole, so that a reader finds the old one or the new one and nothing between.
 */
export interface Storage {
  /** False when nothing is kept: `load` finds nothing and `save` does nothing. */
  readonly durable: boolean;
  /** The last snapshot that was saved; `undefined` when there is none. Rejects with `DBI_STORAGE` when it is unreadable. */
  load(name: string): Promise<Uint8Array | undefined>;
  /** Resolves when the snapshot is on disk. Rejects with `DBI_STORAGE`; then the one before is still there. */
  save(name: string, snapshot: Uint8Array): Promise<void>;
}

/** Whose storage it is. Components with equal owners share one; a restart with the same configuration finds it again. */
export interface StorageOwner {
  readonly kind: ComponentKind;
  readonly id: string;
  readonly pipeline?: string | undefined;
}

/** Who keeps snapshots: an extension, or the application that embeds a pipeline. */
export interface StorageProvider {
  storage(owner: StorageOwner): Storage;
}

/** For collectors without a storage extension: state is forgotten with the process. */
export const noStorage: Storage = {
  durable: false,
  load: async () => undefined,
  save: async () => {},
};

/** Whether an extension keeps snapshots for others. */
export function isStorageProvider(component: object): component is StorageProvider {
  return "storage" in component && typeof component.storage === "function";
}
