import type { BreakerMode } from "@dbintel/guard";
import { LRUCache } from "lru-cache";
import { type Circuit, createCircuit } from "./circuit.ts";

/** Slots are small integers, which V8 keeps without an object each. */
const slotMask = 0x3fff_ffff;

/** Options of a look-up; the cache would make an object for each without them (benchmark `processors`). */
const lookUp = {};

/**
 * The circuits that are remembered, by a hash of their names. Two that share a hash stand in neighbouring slots. When
 * the first of such two is forgotten the second is made anew, and its breakers are closed: rare, and harmless.
 */
export class CircuitTable {
  readonly #modeOf: (instance: string, database: string) => BreakerMode;
  readonly #circuits: LRUCache<number, Circuit>;
  #nowMs = 1;

  constructor(args: {
    readonly max: number;
    readonly ttlMs: number;
    readonly modeOf: (instance: string, database: string) => BreakerMode;
    readonly onForget: (circuit: Circuit) => void;
  }) {
    this.#modeOf = args.modeOf;
    this.#circuits = new LRUCache({
      max: args.max,
      ttl: args.ttlMs,
      updateAgeOnGet: true,
      perf: { now: () => this.#nowMs },
      ttlResolution: 0,
      dispose: args.onForget,
    });
  }

  get size(): number {
    return this.#circuits.size;
  }

  slot(hash: number): number {
    return hash & slotMask;
  }

  get(slot: number): Circuit | undefined {
    return this.#circuits.get(slot, lookUp);
  }

  create(slot: number, instanceUtf8: Uint8Array, databaseUtf8: Uint8Array): Circuit {
    const circuit = createCircuit({ instanceUtf8, databaseUtf8, modeOf: this.#modeOf });
    this.#circuits.set(slot, circuit);
    return circuit;
  }

  /** The time, for the ages; the cache takes 0 for "no time". */
  at(nowMs: number): void {
    this.#nowMs = nowMs + 1;
  }

  /** Gives back the memory of what was silent for too long. */
  sweep(): void {
    this.#circuits.purgeStale();
  }
}
