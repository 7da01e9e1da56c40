import type { Signal } from "@dbintel/pdata";
import { forEachText, type ItemRange, itemsAt } from "./payload-walk.ts";
import { checkText } from "./text-check.ts";

/** Something that must not leave is in an encoded request. */
export interface Violation extends ItemRange {
  readonly entity: string;
  /** Where it begins in the payload. */
  readonly offset: number;
}

/** Looking up what a violation belongs to is a walk through the payload: with more of them, everything is to blame. */
const mostLocated = 100;
const everything: ItemRange = { first: 0, end: Number.POSITIVE_INFINITY };

export interface PayloadCheckOptions {
  /** What must not be there; a name that the check does not know is never found. */
  readonly entities: ReadonlySet<string>;
  /** Planted texts that must not leave in any form of encoding as they stand; found as the entity `canary`. */
  readonly canaries?: readonly string[];
}

/**
 * The last look at an encoded request before it leaves.
 *
 * It shares neither engine nor patterns nor the way through the bytes with {@link Scanner} and the lens, so that one
 * fault does not open both. It knows fewer forms: those whose look alone is proof. Takes time linear in the length of
 * the payload.
 */
export class PayloadCheck {
  readonly #entities: ReadonlySet<string>;
  readonly #canaries: readonly Buffer[];

  constructor({ entities, canaries = [] }: PayloadCheckOptions) {
    this.#entities = entities;
    this.#canaries = canaries.map((text) => Buffer.from(text));
  }

  /**
   * What is in the payload that must not leave, each with the items that it belongs to. `allows` says which texts may
   * leave although they look like one of the entities.
   */
  check(signal: Signal, payload: Uint8Array, allows: (text: string) => boolean = () => false): readonly Violation[] {
    const found: Violation[] = [];
    const note = (entity: string, offset: number) =>
      found.push({ entity, offset, ...(found.length < mostLocated ? itemsAt(signal, payload, offset) : everything) });
    const hit = (entity: string, start: number, end: number) => {
      if (!this.#entities.has(entity)) return;
      const text = Buffer.from(payload.buffer, payload.byteOffset + start, end - start).toString("utf8");
      if (!allows(text)) note(entity, start);
    };
    forEachText(signal, payload, (bytes, from, to) => checkText(bytes, from, to, hit));
    const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    for (const canary of this.#canaries) {
      for (let at = buffer.indexOf(canary); at >= 0; at = buffer.indexOf(canary, at + canary.length))
        note("canary", at);
    }
    return found;
  }
}
