import { type AttributeKey, type AttributeKeys, type Attributes, attributeKeys, type Item } from "@dbintel/pdata";
import type { Circuit } from "./circuit.ts";
import type { CircuitTable } from "./circuit-table.ts";

const none = new Uint8Array(0);
/** Not the name of an instance or database: such an item belongs to none. */
const longestName = 512;

/**
 * Finds the circuit of an item by the attributes that name its instance and its database: those of the item before
 * those of its resource, and in the order of their list. Neighbours mostly belong together, so the last one found is
 * compared first; that, and finding one that is known, decodes and allocates nothing (benchmark `processors`).
 */
export class CircuitFinder {
  readonly #table: CircuitTable;
  /** Those of the instance before those of the database. */
  readonly #keys: AttributeKeys;
  readonly #instances: number;
  readonly #found: Uint8Array;
  #last: Circuit | undefined;
  /** What the resource of the last item names, as an index into the keys; -1: nothing. */
  #ordinal = -1;
  #resourceInstance = -1;
  #resourceDatabase = -1;
  /** The circuit of items of this resource that name nothing themselves; `null`: not looked for yet. */
  #ofResource: Circuit | undefined | null = null;

  constructor(args: {
    readonly table: CircuitTable;
    readonly instanceAttributes: readonly string[];
    readonly databaseAttributes: readonly string[];
  }) {
    this.#table = args.table;
    this.#keys = attributeKeys([...args.instanceAttributes, ...args.databaseAttributes]);
    this.#instances = args.instanceAttributes.length;
    this.#found = new Uint8Array(this.#keys.keys.length);
  }

  /** To be called before the items of a batch: circuits may have been forgotten since the last one. */
  begin(): void {
    this.#last = undefined;
    this.#ordinal = -1;
  }

  /** `undefined` when the item names neither an instance nor a database. */
  find(item: Item): Circuit | undefined {
    const own = item.attributes;
    const { ordinal, attributes: shared } = item.resource;
    if (ordinal !== this.#ordinal) {
      this.#ordinal = ordinal;
      shared.mark(this.#keys, this.#found);
      this.#resourceInstance = this.#place(shared, 0, this.#instances);
      this.#resourceDatabase = this.#place(shared, this.#instances, this.#found.length);
      this.#ofResource = null;
    }
    own.mark(this.#keys, this.#found);
    const instance = this.#place(own, 0, this.#instances);
    const database = this.#place(own, this.#instances, this.#found.length);
    if (instance < 0 && database < 0) {
      if (this.#ofResource === null) {
        this.#ofResource = this.#look(shared, this.#resourceInstance, shared, this.#resourceDatabase);
      }
      return this.#ofResource;
    }
    return this.#look(
      instance < 0 ? shared : own,
      instance < 0 ? this.#resourceInstance : instance,
      database < 0 ? shared : own,
      database < 0 ? this.#resourceDatabase : database,
    );
  }

  /** Which of the keys from `from` up to `to` was found and stands there with a text; -1: none. */
  #place(attributes: Attributes, from: number, to: number): number {
    for (let at = from; at < to; at++) {
      if (this.#found[at] === 1 && attributes.kind(this.#keys.keys[at] as AttributeKey) === "string") return at;
    }
    return -1;
  }

  #look(inInstance: Attributes, instance: number, inDatabase: Attributes, database: number): Circuit | undefined {
    const instanceKey = this.#keys.keys[instance];
    const databaseKey = this.#keys.keys[database];
    if (instanceKey === undefined && databaseKey === undefined) return undefined;
    const last = this.#last;
    if (last !== undefined && named(last, inInstance, instanceKey, inDatabase, databaseKey)) return last;
    const hash =
      (instanceKey === undefined ? 0 : inInstance.hash(instanceKey, 1)) ^
      (databaseKey === undefined ? 0 : inDatabase.hash(databaseKey, 2));
    const table = this.#table;
    let slot = table.slot(hash);
    let circuit = table.get(slot);
    while (circuit !== undefined && !named(circuit, inInstance, instanceKey, inDatabase, databaseKey)) {
      slot = table.slot(slot + 1);
      circuit = table.get(slot);
    }
    circuit ??= this.#create(
      slot,
      instanceKey === undefined ? none : (inInstance.getUtf8(instanceKey) ?? none),
      databaseKey === undefined ? none : (inDatabase.getUtf8(databaseKey) ?? none),
    );
    this.#last = circuit;
    return circuit;
  }

  #create(slot: number, instanceUtf8: Uint8Array, databaseUtf8: Uint8Array): Circuit | undefined {
    if (instanceUtf8.length > longestName || databaseUtf8.length > longestName) return undefined;
    return this.#table.create(slot, instanceUtf8, databaseUtf8);
  }
}

function named(
  circuit: Circuit,
  inInstance: Attributes,
  instanceKey: AttributeKey | undefined,
  inDatabase: Attributes,
  databaseKey: AttributeKey | undefined,
): boolean {
  return (
    (databaseKey === undefined
      ? circuit.databaseUtf8.length === 0
      : inDatabase.equals(databaseKey, circuit.databaseUtf8)) &&
    (instanceKey === undefined
      ? circuit.instanceUtf8.length === 0
      : inInstance.equals(instanceKey, circuit.instanceUtf8))
  );
}
