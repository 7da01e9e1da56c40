import { DbintelError } from "@dbintel/errors";
import { keyIdOf } from "./cipher.ts";

/** The keys of a journal: the first encrypts, all of them decrypt. None: nothing is encrypted. */
export class Keys {
  /** What new segments are encrypted with. */
  readonly current: { readonly key: Uint8Array; readonly id: Buffer } | undefined;
  readonly #known: ReadonlyMap<string, Uint8Array>;

  constructor(keys: readonly Uint8Array[]) {
    const [first] = keys;
    this.current = first === undefined ? undefined : { key: first, id: keyIdOf(first) };
    this.#known = new Map(keys.map((key) => [keyIdOf(key).toString("hex"), key]));
  }

  find(id: Buffer, path: string): Uint8Array {
    const key = this.#known.get(id.toString("hex"));
    if (key !== undefined) return key;
    throw new DbintelError(`${path} is encrypted with a key that is not in the configuration`, {
      code: "DBI_STORAGE",
      hint: "add the key that was used before to the end of encryption.keys; or move the file away to give up what is in it",
    });
  }
}
