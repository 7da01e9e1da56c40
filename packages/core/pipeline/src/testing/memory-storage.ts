import type { Storage } from "../index.ts";

/** Keeps snapshots for as long as the test holds it: give it to the next host to play a restart. */
export class MemoryStorage implements Storage {
  readonly durable = true;
  readonly snapshots = new Map<string, Uint8Array>();

  async load(name: string): Promise<Uint8Array | undefined> {
    return this.snapshots.get(name);
  }

  async save(name: string, snapshot: Uint8Array): Promise<void> {
    this.snapshots.set(name, snapshot.slice());
  }
}
