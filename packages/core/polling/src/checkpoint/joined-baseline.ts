import type { Baseline } from "./checkpoint.ts";
import { packCheckpoint, unpackCheckpoint } from "./checkpoint-bytes.ts";

const kind = "joined";

/**
 * What several readings of one poll are compared with, as one: all of them are of the same moment. A part that has
 * nothing is left out.
 */
export class JoinedBaseline implements Baseline {
  readonly #parts: ReadonlyMap<string, Baseline>;

  /** By names that stay the same from version to version. */
  constructor(parts: Readonly<Record<string, Baseline>>) {
    this.#parts = new Map(Object.entries(parts));
  }

  take(): Uint8Array | undefined {
    const taken = [...this.#parts].flatMap(([name, part]) => {
      const bytes = part.take();
      return bytes === undefined ? [] : [{ name, bytes }];
    });
    if (taken.length === 0) return undefined;
    const head = { kind, names: taken.map(({ name }) => name) };
    return packCheckpoint({ head, parts: taken.map(({ bytes }) => bytes) });
  }

  /** Parts depend on each other: what is not understood of one leaves none. One that is unknown here is left out. */
  restore(bytes: Uint8Array, poll?: string): boolean {
    const { head, parts = [] } = unpackCheckpoint(bytes) ?? {};
    if (head?.kind !== kind || !Array.isArray(head.names)) return false;
    const names: readonly unknown[] = head.names;
    const restored = parts.every((part, index) => this.#parts.get(String(names[index]))?.restore(part, poll) !== false);
    if (!restored) this.forget();
    return restored;
  }

  forget(): void {
    for (const part of this.#parts.values()) part.forget();
  }
}
