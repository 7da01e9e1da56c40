import { type AttributeKeys, type Attributes, attributeKeys, type Item } from "@dbintel/pdata";
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
  readonly #places: Int32Array;
  #last: Circuit | undefined;
  /** The places of what the resource of the last item names; -1: nothing. */
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
    this.#places = new Int32Array(this.#keys.keys.length);
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
      shared.locate(this.#keys, this.#places);
      this.#resourceInstance = this.#place(shared, 0, this.#instances);
      this.#resourceDatabase = this.#place(shared, this.#instances, this.#places.length);
      this.#ofResource = null;
    }
    own.locate(this.#keys, this.#places);
    const instance = this.#place(own, 0, this.#instances);
    const database = this.#place(own, this.#instances, this.#places.length);
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

  /** The place of the first of the keys from `from` up to `to` that stands there with a text; -1: none. */
  #place(attributes: Attributes, from: number, to: number): number {
    for (let at = from; at < to; at++) {
      const place = this.#places[at] as number;
      if (place >= 0 && attributes.kind(place) === "string") return place;
    }
    return -1;
  }

  #look(inInstance: Attributes, instance: number, inDatabase: Attributes, database: number): Circuit | undefined {
    if (instance < 0 && database < 0) return undefined;
    const last = this.#last;
    if (last !== undefined && named(last, inInstance, instance, inDatabase, database)) return last;
    const hash = (instance < 0 ? 0 : inInstance.hash(instance, 1)) ^ (database < 0 ? 0 : inDatabase.hash(database, 2));
    const table = this.#table;
    let slot = table.slot(hash);
    let circuit = table.get(slot);
    while (circuit !== undefined && !named(circuit, inInstance, instance, inDatabase, database)) {
      slot = table.slot(slot + 1);
      circuit = table.get(slot);
    }
    circuit ??= this.#create(slot, inInstance.getUtf8(instance) ?? none, inDatabase.getUtf8(database) ?? none);
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
  instance: number,
  inDatabase: Attributes,
  database: number,
): boolean {
  return (
    (database < 0 ? circuit.databaseUtf8.length === 0 : inDatabase.equals(database, circuit.databaseUtf8)) &&
    (instance < 0 ? circuit.instanceUtf8.length === 0 : inInstance.equals(instance, circuit.instanceUtf8))
  );
}
