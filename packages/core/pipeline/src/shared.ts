import type { Environment } from "./host.ts";

/**
 * Names one object that several components of a collector use together: the breakers of databases, what exporters
 * tell about their load. The package that both depend on declares the key once, as a constant.
 */
export interface SharedKey<Value> {
  /** For people: messages and debuggers. Keys are told apart by identity, not by name. */
  readonly name: string;
  /** Makes the object for one collector, when its first component asks. */
  create(environment: Environment): Value;
}

/** The shared objects of one collector. They live as long as its graph. */
export class SharedObjects {
  readonly #environment: Environment;
  readonly #objects = new Map<SharedKey<unknown>, unknown>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** The object of the key, always the same one. */
  get<Value>(key: SharedKey<Value>): Value {
    if (!this.#objects.has(key)) this.#objects.set(key, key.create(this.#environment));
    // The map holds under each key only what that key made.
    return this.#objects.get(key) as Value;
  }
}
