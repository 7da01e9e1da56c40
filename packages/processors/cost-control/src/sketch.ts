const precision = 14;
const registers = 2 ** precision;
/** Below this many values they are kept themselves: exact, and smaller than the registers. */
const exactLimit = 512;

/**
 * Counts different values in bounded memory: exactly up to 512, then HyperLogLog with 2^14 registers of one byte and a
 * standard error of 1.04/√2^14 = 0.8 % (Flajolet, Fusy, Gandouet, Meunier 2007), with their linear counting for the
 * small range. The hash has 53 bits, so their correction for the large range is not needed.
 */
export class Sketch {
  #exact: Set<number> | undefined = new Set();
  #registers: Uint8Array | undefined;
  #estimate = 0;
  /** Registers that changed since the estimate was made; walking them all at each question would cost more than adding. */
  #changes = 0;

  add(hash: number): void {
    const exact = this.#exact;
    if (exact === undefined) {
      this.#register(hash);
      return;
    }
    exact.add(hash);
    if (exact.size <= exactLimit) return;
    this.#exact = undefined;
    this.#registers = new Uint8Array(registers);
    for (const value of exact) this.#register(value);
  }

  get estimate(): number {
    const all = this.#registers;
    if (all === undefined) return this.#exact?.size ?? 0;
    if (this.#estimate === 0 || this.#changes > this.#estimate / 1000) {
      this.#estimate = estimateOf(all);
      this.#changes = 0;
    }
    return this.#estimate;
  }

  /** The low 14 bits choose the register; the rank is that of the first one among the 39 bits above. */
  #register(hash: number): void {
    const all = this.#registers;
    if (all === undefined) return;
    const index = hash % registers;
    const rest = Math.floor(hash / registers);
    const high = Math.floor(rest / 2 ** 32);
    // 39 bits are 7 high and 32 low ones; clz32 counts the 25 zeros above the high ones too.
    const rank = 1 + (high > 0 ? Math.clz32(high) - 25 : 7 + Math.clz32(rest % 2 ** 32));
    if (rank <= (all[index] ?? 0)) return;
    all[index] = rank;
    this.#changes++;
  }
}

function estimateOf(all: Uint8Array): number {
  let sum = 0;
  let empty = 0;
  for (const rank of all) {
    sum += 2 ** -rank;
    if (rank === 0) empty++;
  }
  const raw = ((0.7213 / (1 + 1.079 / registers)) * registers * registers) / sum;
  return raw <= 2.5 * registers && empty > 0 ? registers * Math.log(registers / empty) : raw;
}
