/** What was executed, by entry, and what a server forgot of it before anybody had read it: no reader can know either. */
export class ExecutionTruth<Key> {
  /** Executions since the truth began. */
  readonly executed = new Map<Key, bigint>();
  /** Of these, those that were thrown away with their entry since the last reading. */
  readonly forgotten = new Map<Key, bigint>();
  readonly #unread = new Map<Key, bigint>();

  execute(key: Key, calls: bigint): void {
    add(this.executed, key, calls);
    add(this.#unread, key, calls);
  }

  /** The entry was shown to somebody. */
  read(key: Key): void {
    this.#unread.delete(key);
  }

  /** The entry was thrown away. */
  forget(key: Key): void {
    add(this.forgotten, key, this.#unread.get(key) ?? 0n);
    this.#unread.delete(key);
  }

  /** What a reader can have seen of an entry: the sum of all differences. */
  seen(key: Key): bigint {
    return (this.executed.get(key) ?? 0n) - (this.forgotten.get(key) ?? 0n);
  }

  /** Begins anew; what was not read until now never counts. */
  begin(): void {
    for (const map of [this.executed, this.forgotten, this.#unread]) map.clear();
  }
}

function add<Key>(map: Map<Key, bigint>, key: Key, amount: bigint): void {
  map.set(key, (map.get(key) ?? 0n) + amount);
}
